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
        using var progress = new ProgressTimer(events, elapsed => new("saving", tally.Files + tally.Folders, null, tally.Bytes, null, elapsed));
        using RepositoryLock held = RepositoryLock.Take(repository, exclusive: false, events, TimeProvider.System, stop);
        repository.ReadIndexAnew();
        string host = options.Host ?? ThisMachine.HostName;
        SnapshotInfo? parent = SnapshotFile.Before(repository.Snapshots(), host, source.Paths);
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
    }
}
