using Jumpbag.Core;

namespace Jumpbag.FileSystems;

/// <summary>A file met on a walk: its path, itself, and how far below the start it lies.</summary>
public readonly record struct WalkedNode(ByteString Path, TreeNode File, int Depth);

/// <summary>
/// Walks a tree, parents before what is in them, without recursion. What cannot be read is told with its path and passed
/// over; a directory that is met twice (an image can make a circle) is told and not entered again.
/// </summary>
public sealed class TreeWalker(FileTree tree, Action<ByteString, Damage> damaged)
{
    private readonly InodeSet entered = new();

    /// <summary>Whether directories deeper than this are entered.</summary>
    public int MaximumDepth { get; init; } = int.MaxValue;

    /// <summary>The filesystem that the walk does not leave; null where joined ones are entered.</summary>
    public FileSystem? StayOn { get; init; }

    public IEnumerable<WalkedNode> Walk(ByteString path, TreeNode start)
    {
        var open = new Stack<IEnumerator<WalkedNode>>();
        try
        {
            var top = new WalkedNode(path, start, 0);
            yield return top;
            if (Enter(top))
                open.Push(Children(top).GetEnumerator());
            while (open.TryPeek(out IEnumerator<WalkedNode>? children))
            {
                if (!children.MoveNext())
                {
                    open.Pop().Dispose();
                    continue;
                }
                WalkedNode child = children.Current;
                yield return child;
                if (Enter(child))
                    open.Push(Children(child).GetEnumerator());
            }
        }
        finally
        {
            foreach (IEnumerator<WalkedNode> left in open)
                left.Dispose();
        }
    }

    /// <summary>Whether a file is a directory that the walk goes into; true only once for each.</summary>
    public bool Enter(in WalkedNode directory)
    {
        if (directory.File.Node.Type != FileType.Directory || directory.Depth >= MaximumDepth
            || (StayOn is not null && !ReferenceEquals(directory.File.FileSystem, StayOn)))
            return false;
        if (entered.Add(directory.File.FileSystem, directory.File.Node.Inode))
            return true;
        damaged(directory.Path, new("this directory is found in more than one place; it was entered only once"));
        return false;
    }

    /// <summary>What is in a directory, in the order in which it stands on the disk.</summary>
    public IEnumerable<WalkedNode> Children(WalkedNode directory)
    {
        using IEnumerator<DirectoryEntry> entries = tree.List(directory.File, damage => damaged(directory.Path, damage)).GetEnumerator();
        while (true)
        {
            DirectoryEntry entry;
            try
            {
                if (!entries.MoveNext())
                    yield break;
                entry = entries.Current;
            }
            catch (JumpbagException e)
            {
                damaged(directory.Path, new(e.Message));
                yield break;
            }
            ByteString path = directory.Path.Join(entry.Name);
            TreeNode? file = Open(directory.File, entry, path);
            if (file is { } found)
                yield return new(path, found, directory.Depth + 1);
        }
    }

    private TreeNode? Open(TreeNode directory, DirectoryEntry entry, ByteString path)
    {
        try
        {
            return tree.Open(directory, entry, damage => damaged(path, damage));
        }
        catch (JumpbagException e)
        {
            damaged(path, new(e.Message));
            return null;
        }
    }
}
