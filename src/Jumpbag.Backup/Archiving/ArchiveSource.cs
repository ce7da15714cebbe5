using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Backup.Sources;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Archiving;

/// <summary>What a backup is of.</summary>
public abstract class ArchiveSource
{
    /// <summary>Of the snapshot. The last one of the same host and paths is the one whose unchanged files are not read again.</summary>
    internal abstract IReadOnlyList<string> Paths { get; }

    internal virtual Accounts Accounts => Accounts.None;

    /// <summary>Says what is to be saved, and closes the tree.</summary>
    internal abstract void Save(ArchiveRun run, TreeBuilder top, StorageId? parent);

    /// <summary>Counts what is saved, reading no content; false where that cannot be known.</summary>
    internal abstract bool Count(SourceCount count);

    /// <summary>Where it cannot be counted: how many bytes it may be, by the snapshot before; null where nothing tells.</summary>
    /// <param name="parent">The tree of that.</param>
    internal virtual long? Expected(BackupRepository repository, StorageId parent) => null;
}

/// <summary>Files and folders of this machine, as a person names them.</summary>
public sealed class FilesSource(IReadOnlyList<ByteString> paths) : ArchiveSource
{
    internal override IReadOnlyList<string> Paths { get; } = [.. paths.Select(path => SnapshotFile.Text(SourcePath.Absolute(path)))];

    internal override Accounts Accounts { get; } = new();

    internal override void Save(ArchiveRun run, TreeBuilder top, StorageId? parent)
    {
        run.Save(TargetTree.Of(paths), top, parent);
        top.Close();
    }

    internal override bool Count(SourceCount count)
    {
        count.Add(TargetTree.Of(paths));
        return true;
    }
}

/// <summary>All that is on a disk, image or volume, read without mounting it. Owners have numbers only: the names are another machine's.</summary>
/// <param name="name">How the snapshot names it, such as "/" or the locator.</param>
public sealed class DiskSource(FileTree tree, string name) : ArchiveSource
{
    internal override IReadOnlyList<string> Paths { get; } = [name];

    internal override void Save(ArchiveRun run, TreeBuilder top, StorageId? parent)
    {
        run.Save(new DiskFolder(tree, tree.Root, ByteString.FromText("/"), run.Damaged), top, parent);
        top.Close();
    }

    internal override bool Count(SourceCount count)
    {
        count.Add(new DiskFolder(tree, tree.Root, ByteString.FromText("/"), static (_, _) => { }));
        return true;
    }
}

/// <summary>What a command writes, as one file. One that fails makes the backup fail: half a dump is none.</summary>
/// <param name="command">For a shell.</param>
/// <param name="file">The file's name in the snapshot.</param>
public sealed class CommandSource(string command, string file) : ArchiveSource
{
    internal override IReadOnlyList<string> Paths { get; } = ["/" + file];

    internal override Accounts Accounts { get; } = new();

    internal override void Save(ArchiveRun run, TreeBuilder top, StorageId? parent)
    {
        run.Save(CommandContent.Start(command, run.Stop), ByteString.FromText(file), top);
        top.Close();
    }

    /// <summary>How much a command will write nobody knows.</summary>
    internal override bool Count(SourceCount count) => false;

    internal override long? Expected(BackupRepository repository, StorageId parent)
    {
        try
        {
            return TreeParser.Read(repository, parent, static (_, _) => 0).Sum(node => node.Size);
        }
        catch (JumpbagException)
        {
            // Saving does not need it.
            return null;
        }
    }
}
