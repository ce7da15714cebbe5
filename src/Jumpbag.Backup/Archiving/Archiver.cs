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
    /// <param name="paths">Files and folders, as a person names them.</param>
    /// <exception cref="OperationCanceledException">It was stopped: no snapshot is made, and what was saved is used by the next run.</exception>
    /// <exception cref="JumpbagException">It failed; the same holds.</exception>
    public static BackupResult Run(BackupRepository repository, IReadOnlyList<ByteString> paths, BackupOptions options, EventSink events, CancellationToken stop)
    {
        DateTimeOffset begin = DateTimeOffset.UtcNow;
        var tally = new BackupTally(events);
        using var progress = new ProgressTimer(events, elapsed => new("saving", tally.Files + tally.Folders, null, tally.Bytes, null, elapsed));
        TargetTree targets = TargetTree.Of(paths);
        string host = options.Host ?? ThisMachine.HostName;
        string[] shown = [.. paths.Select(path => SnapshotFile.Text(SourcePath.Absolute(path)))];
        SnapshotInfo? parent = SnapshotFile.Before(repository.Snapshots(), host, shown);
        using var writer = new RepositoryWriter(repository);
        StorageId tree;
        try
        {
            using (var run = new ArchiveRun(repository, writer, new(), options, tally, events, stop))
                tree = run.Run(targets, options.ReadAll ? null : parent?.Tree) ?? throw new InvalidOperationException("the tree was not saved");
            if (tally.Files + tally.Folders + tally.Others == 0)
                throw new FailedException($"{string.Join(", ", paths)}: nothing of it could be saved", "what is named must be there and readable, and not left out by --exclude");
            writer.Finish();
        }
        catch
        {
            writer.Abandon();
            throw;
        }
        SnapshotInfo snapshot = SnapshotFile.Save(repository, tree, parent, begin, host, shown, options);
        return new(snapshot, parent, tally.Files, tally.Unchanged, tally.Folders, tally.Others, tally.Bytes, writer.NewBlobs, writer.NewBytes, writer.StoredBytes, tally.NotSaved, progress.Elapsed);
    }
}
