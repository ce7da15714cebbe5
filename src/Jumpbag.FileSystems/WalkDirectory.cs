using Jumpbag.Core;

namespace Jumpbag.FileSystems;

/// <summary>A directory on a <see cref="TreeWalk"/>'s way. Its path is put together when it is asked for.</summary>
public sealed class WalkDirectory
{
    private readonly ByteString name;

    internal WalkDirectory(WalkDirectory? parent, ByteString name, TreeNode node)
    {
        Parent = parent;
        this.name = name;
        Node = node;
        Depth = parent is null ? 0 : parent.Depth + 1;
    }

    /// <summary>Null where the walk began.</summary>
    public WalkDirectory? Parent { get; }

    public TreeNode Node { get; }

    /// <summary>0 where the walk began.</summary>
    public int Depth { get; }

    /// <summary>Its name in the parent; where the walk began, the path given for it.</summary>
    public ByteString Name => name;

    /// <summary>What the one who walks keeps for it.</summary>
    internal Extraction.DirectoryCopy? Copy { get; set; }

    public ByteString Path
    {
        get
        {
            int length = 0;
            for (WalkDirectory? at = this; at is not null; at = at.Parent)
                length += at.name.Length + (at.Parent is null || EndsInSlash(at.Parent) ? 0 : 1);
            var path = new byte[length];
            for (WalkDirectory? at = this; at is not null; at = at.Parent)
            {
                length -= at.name.Length;
                at.name.Span.CopyTo(path.AsSpan(length));
                if (at.Parent is not null && !EndsInSlash(at.Parent))
                    path[--length] = (byte)'/';
            }
            return ByteString.Own(path);
        }
    }

    /// <summary>Only a path that a walk began at can: "/", or be empty, which needs no slash either.</summary>
    private static bool EndsInSlash(WalkDirectory directory) =>
        directory.Parent is null && (directory.name.IsEmpty || directory.name.Span[^1] == (byte)'/');
}
