using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>A directory of the destination while something in it is still to be made.</summary>
internal sealed class DirectoryCopy(DirectoryCopy? parent, ByteString name, WalkDirectory? source)
{
    /// <summary>One for each child that is not finished, and one while the walk is in it.</summary>
    private int pending = 1;

    public DirectoryCopy? Parent { get; } = parent;

    public ByteString Name { get; } = name;

    /// <summary>What it is the copy of; null for a folder that only receives something, and once it is finished.</summary>
    public WalkDirectory? Source { get; set; } = source;

    /// <summary>It was there before, so names in it may be taken.</summary>
    public bool Existed { get; init; }

    /// <summary>What is made in it gets its group, or an access control list, that was not asked for.</summary>
    public bool InheritsGroup { get; init; }

    /// <inheritdoc cref="InheritsGroup"/>
    public bool InheritsAcl { get; init; }

    /// <summary>It holds the marker of an unfinished copy, see <see cref="Destination"/>.</summary>
    public bool IsMarked { get; init; }

    /// <summary>Kept by <see cref="OpenDirectories"/>.</summary>
    internal DirectoryHandle? Handle { get; set; }

    /// <inheritdoc cref="Handle"/>
    internal int Pins { get; set; }

    public void Begin() => Interlocked.Increment(ref pending);

    /// <summary>True once: when nothing is left to be done in it.</summary>
    public bool End() => Interlocked.Decrement(ref pending) == 0;
}
