using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Sources;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Archiving;

/// <summary>Saves files in a repository as a new snapshot.</summary>
public static class Archiver
{
    /// <exception cref="OperationCanceledException">It was stopped: no snapshot is made, and what was saved is used by the next run.</exception>
    /// <exception cref="JumpbagException">It failed; the same holds.</exception>
    public static BackupResult Run(BackupRepository repository, ArchiveSource source, BackupOptions options, EventSink events, CancellationToken stop)
    {
        DateTimeOffset begin = DateTimeOffset.UtcNow;
        var tally = new BackupTally(events);
        using var count = new SourceCount(source, options);
        long? expected = null;
        using var progress = new ProgressTimer(events, Progress);
        using RepositoryLock held = RepositoryLock.Take(repository, exclusive: false, events, TimeProvider.System, stop);
        repository.ReadIndexAnew();
        string host = options.Host ?? ThisMachine.HostName;
        SnapshotInfo? parent = SnapshotFile.Before(repository.Snapshots(), host, source.Paths);
        if (parent is not null)
            expected = source.Expected(repository, parent.Tree);
        using var writer = new RepositoryWriter(repository);
        StorageId tree;
        try
        {
            using (var run = new ArchiveRun(repository, writer, source.Accounts, options, tally, events, held.Stop))
                tree = run.Run(source, options.ReadAll ? null : parent?.Tree) ?? throw new InvalidOperationException("the tree was not saved");
            if (tally.Files + tally.Folders + tally.Others == 0)
                throw new FailedException($"{string.Join(", ", source.Paths)}: nothing of it could be saved", "what is named must be there and readable, and not left out by --exclude");
            options.Verify?.Invoke();
            writer.Finish();
            // Who took it for stale may have removed what the snapshot is to name.
            held.ThrowIfLost();
        }
        catch
        {
            writer.Abandon();
            held.ThrowIfLost();
            throw;
        }
        SnapshotInfo snapshot = SnapshotFile.Save(repository, tree, parent, begin, host, source.Paths, options);
        return new(snapshot, parent, tally.Files, tally.Unchanged, tally.Folders, tally.Others, tally.Bytes, writer.NewBlobs, writer.NewBytes, writer.StoredBytes, tally.NotSaved, progress.Elapsed);

        Progress Progress(TimeSpan elapsed)
        {
            // Only for what takes longer than a second.
            count.CountBeside();
            long bytes = tally.Bytes;
            return count.Counted ? new("saving", tally.Files + tally.Folders, count.Files, bytes, count.Bytes, elapsed)
                : new("saving", tally.Files + tally.Folders, null, bytes, expected > bytes ? expected : null, elapsed) { Note = expected > bytes ? "if it is as large as last time" : null };
        }
    }
}
