using Jumpbag.Backup.Chunking;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Backup.Sources;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Archiving;

/// <summary>One walk through what is saved: this thread lists folders in order and says what is to be done, the others read, cut, compress and seal.</summary>
internal sealed class ArchiveRun : IDisposable
{
    private readonly BackupRepository repository;
    private readonly BackupOptions options;
    private readonly PathPatterns excludes;
    private readonly BackupTally tally;
    private readonly EventSink events;
    private readonly CancellationTokenSource stop;
    private readonly WorkQueue queue;
    private readonly BackupWork work;
    private volatile Exception? failure;

    public ArchiveRun(BackupRepository repository, RepositoryWriter writer, Accounts accounts, BackupOptions options, BackupTally tally, EventSink events, CancellationToken stop)
    {
        (this.repository, this.options, this.tally, this.events) = (repository, options, tally, events);
        excludes = new(options.Excludes);
        this.stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        queue = new(Environment.ProcessorCount, Fail);
        work = new(writer, new Chunker(repository.Polynomial), queue, tally, new(accounts, TimeZoneInfo.Local), this.stop.Token);
    }

    public CancellationToken Stop => stop.Token;

    /// <summary>The tree of all that is saved.</summary>
    public StorageId? Run(ArchiveSource source, StorageId? parent)
    {
        var top = new TreeBuilder(work);
        try
        {
            source.Save(this, top, parent);
        }
        finally
        {
            queue.Drain();
        }
        if (failure is not null)
            throw failure as JumpbagException ?? (failure is OperationCanceledException ? failure : new InvalidOperationException("a thread of the backup failed", failure));
        stop.Token.ThrowIfCancellationRequested();
        return top.Saved;
    }

    public void Dispose()
    {
        queue.Dispose();
        stop.Dispose();
    }

    private void Fail(Exception e)
    {
        failure ??= e;
        stop.Cancel();
    }

    /// <summary>The folders that lead to the targets: of them only the attributes are saved.</summary>
    public void Save(TargetTree targets, TreeBuilder tree, StorageId? parentTree)
    {
        ParentTree parent = ParentTree.Of(parentTree, repository, events);
        foreach ((ByteString name, TargetTree target) in targets.Nodes)
        {
            stop.Token.ThrowIfCancellationRequested();
            SnapshotNode? before = parent.Find(name);
            if (!target.Path.IsEmpty)
            {
                SaveTarget(target.Path, name, tree, before);
                continue;
            }
            ByteString path = SourcePath.Absolute(target.AttributesOf);
            if (LiveAttributes.Of(target.AttributesOf, out SourceFile folder, unread => tally.AddNotSaved(path, unread)) is { } reason)
                throw new FailedException($"{path}: {reason}");
            tally.AddFolder();
            var inner = new TreeBuilder(tree, tree.NextPlace(), name, folder);
            Save(target, inner, before?.Subtree);
            inner.Close();
        }
    }

    /// <summary>All that is in a folder whose own attributes are not saved.</summary>
    public void Save(SourceFolder folder, TreeBuilder tree, StorageId? parent)
    {
        var names = new List<ByteString>();
        if (folder.ReadNames(names) is { } reason)
            throw new FailedException($"{folder.Path}: {reason}");
        Save(folder, names, tree, parent, null);
    }

    /// <summary>A file that is in no folder; it is closed when it is read.</summary>
    public void Save(SourceContent content, ByteString name, TreeBuilder tree)
    {
        int place = tree.NextPlace();
        queue.Add(() => FileSaver.Save(work, content, name, name, tree, place));
    }

    /// <summary>Damage that was worked around.</summary>
    public void Damaged(ByteString path, string damage) => tally.AddNotSaved(path, damage);

    private void SaveTarget(ByteString path, ByteString name, TreeBuilder tree, SnapshotNode? before)
    {
        (ByteString place, ByteString entry) = SourcePath.Split(path);
        ByteString shown = SourcePath.Split(SourcePath.Absolute(path)).Folder;
        if (LiveFolder.Open(place, shown, out LiveFolder? folder) is { } reason)
        {
            tally.AddNotSaved(shown, reason);
            return;
        }
        try
        {
            ulong? device = options.OneFileSystem && folder!.Look(entry, out SourceFile file) is null ? file.Device : null;
            Save(folder!, entry, name, tree, before, device);
        }
        finally
        {
            folder!.Release();
        }
    }

    /// <param name="name">In the snapshot, which may be another than in the folder.</param>
    /// <param name="device">Of the filesystem that is not to be left.</param>
    private void Save(SourceFolder folder, ByteString entry, ByteString name, TreeBuilder tree, SnapshotNode? before, ulong? device)
    {
        ByteString path = excludes.IsEmpty ? default : folder.Path.Join(entry);
        if (!excludes.IsEmpty && excludes.Matches(path))
            return;
        if (folder.Look(entry, out SourceFile file) is { } reason)
        {
            tally.AddNotSaved(folder.Path.Join(entry), reason);
            return;
        }
        bool isElsewhere = device is { } only && file.Device != only;
        switch (file.Type)
        {
            // A socket is worth nothing without the process that made it.
            case FileType.Socket:
                return;
            case FileType.Directory:
                SaveFolder(folder, entry, name, file, tree, before, device, isElsewhere);
                return;
            case var _ when isElsewhere:
                return;
            case FileType.Regular:
                SaveFile(folder, entry, name, file, tree, before);
                return;
            default:
                if (Complete(folder, entry, ref file))
                {
                    tally.AddOther();
                    tree.Complete(tree.NextPlace(), work.Text.Write(name, file, 0, null, null));
                }
                return;
        }
    }

    private void SaveFile(SourceFolder folder, ByteString entry, ByteString name, SourceFile file, TreeBuilder tree, SnapshotNode? before)
    {
        if (!options.ReadAll && ParentTree.IsUnchanged(before, file) && before!.Content.All(blob => repository.Index.Contains(BlobType.Data, blob)))
        {
            if (!Complete(folder, entry, ref file))
                return;
            tally.AddFile(isUnchanged: true);
            tally.AddBytes(file.Size);
            tree.Complete(tree.NextPlace(), work.Text.Write(name, file, file.Size, before.Content, null));
            return;
        }
        folder.Hold();
        int place = tree.NextPlace();
        queue.Add(() => FileSaver.Save(work, folder, entry, name, tree, place));
    }

    private void SaveFolder(SourceFolder above, ByteString entry, ByteString name, SourceFile file, TreeBuilder tree, SnapshotNode? before, ulong? device, bool isElsewhere)
    {
        stop.Token.ThrowIfCancellationRequested();
        var names = new List<ByteString>();
        string? reason = above.OpenFolder(entry, out SourceFolder? folder);
        try
        {
            reason ??= isElsewhere ? null : folder!.ReadNames(names);
            if (reason is not null)
            {
                tally.AddNotSaved(above.Path.Join(entry), reason);
                return;
            }
            if (!Complete(above, entry, ref file))
                return;
            tally.AddFolder();
            var inner = new TreeBuilder(tree, tree.NextPlace(), name, file);
            Save(folder!, names, inner, before?.Subtree, device);
            inner.Close();
        }
        finally
        {
            folder?.Release();
        }
    }

    private void Save(SourceFolder folder, List<ByteString> names, TreeBuilder tree, StorageId? parentTree, ulong? device)
    {
        names.Sort();
        ParentTree parent = ParentTree.Of(parentTree, repository, events);
        foreach (ByteString name in names)
            Save(folder, name, name, tree, parent.Find(name), device);
    }

    private bool Complete(SourceFolder folder, ByteString entry, ref SourceFile file)
    {
        string? reason = folder.Complete(entry, ref file, unread => tally.AddNotSaved(folder.Path.Join(entry), unread));
        if (reason is not null)
            tally.AddNotSaved(folder.Path.Join(entry), reason);
        return reason is null;
    }
}
