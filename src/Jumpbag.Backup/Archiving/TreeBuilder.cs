using System.Buffers;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Sources;
using Jumpbag.Core;

namespace Jumpbag.Backup.Archiving;

/// <summary>
/// The tree of a folder while its entries are dealt with by several threads: each has its place from the beginning, and what is
/// done before those in front of it waits. With the last one the tree is saved, and is then done in its parent.
/// </summary>
internal sealed class TreeBuilder
{
    private readonly BackupWork work;
    private readonly TreeBuilder? parent;
    private readonly int place;
    private readonly ByteString name;
    private readonly SourceFile folder;
    private readonly ArrayBufferWriter<byte> json = new(1024);
    private readonly Dictionary<int, byte[]?> ahead = [];
    private readonly Lock gate = new();
    private int given, done;
    private bool isEmpty = true, isClosed;

    /// <summary>The top of a snapshot.</summary>
    public TreeBuilder(BackupWork work)
    {
        this.work = work;
        json.Write("{\"nodes\":["u8);
    }

    /// <param name="place">In the parent.</param>
    public TreeBuilder(TreeBuilder parent, int place, ByteString name, in SourceFile folder) : this(parent.work) =>
        (this.parent, this.place, this.name, this.folder) = (parent, place, name, folder);

    /// <summary>Of the top, when all is done.</summary>
    public StorageId? Saved { get; private set; }

    /// <summary>A place behind those that were given before; each is to be completed.</summary>
    public int NextPlace() => given++;

    /// <summary>No places are given any more.</summary>
    public void Close()
    {
        bool isDone;
        lock (gate)
        {
            isClosed = true;
            isDone = done == given;
        }
        if (isDone)
            Finish(this);
    }

    /// <param name="node">Null where it is left out.</param>
    public void Complete(int at, byte[]? node)
    {
        if (Add(at, node))
            Finish(this);
    }

    /// <summary>Whether it was the last.</summary>
    private bool Add(int at, byte[]? node)
    {
        lock (gate)
        {
            if (at != done)
            {
                ahead.Add(at, node);
                return false;
            }
            Append(node);
            while (ahead.Remove(done, out byte[]? next))
                Append(next);
            return isClosed && done == given;
        }
    }

    private void Append(byte[]? node)
    {
        done++;
        if (node is null)
            return;
        if (!isEmpty)
            json.Write(","u8);
        json.Write(node);
        isEmpty = false;
    }

    /// <summary>A folder may be the last of its parent, and so on up: a loop, since folders can be thousands deep.</summary>
    private static void Finish(TreeBuilder? tree)
    {
        while (tree is not null)
        {
            tree.json.Write("]}\n"u8);
            StorageId id = tree.work.Writer.Save(BlobType.Tree, tree.json.WrittenSpan);
            tree.Saved = id;
            TreeBuilder? above = tree.parent;
            tree = above is not null && above.Add(tree.place, tree.work.Text.Write(tree.name, tree.folder, 0, null, id)) ? above : null;
        }
    }
}
