using Jumpbag.Core;

namespace Jumpbag.Host.Fuse;

/// <summary>How a <see cref="FuseMount"/> is made.</summary>
public sealed record FuseMountOptions
{
    internal const string Subtype = "jumpbag";

    /// <summary>What the mount table shows as the device.</summary>
    public required ByteString Source { get; init; }

    /// <summary>Whether other users than the one who mounts may look at it.</summary>
    public bool AllowOther { get; init; }

    /// <summary>Whether the kernel holds users to the modes of the files. Else whoever is let in at all may read all of it.</summary>
    public bool DefaultPermissions { get; init; }

    public bool Writable { get; init; }

    /// <summary>Threads that answer; 0: one for each core, two at least, four at most.</summary>
    public int Threads { get; init; }
}
