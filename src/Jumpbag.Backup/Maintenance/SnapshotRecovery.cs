using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backup.Maintenance;

/// <summary>
/// Brings back snapshots whose files cannot be read, from the copies that have them. What such a file said nobody can tell, so which one it
/// was follows from the others: it is the one that another copy calls its original, or those that are missing here are just as many.
/// </summary>
public static class SnapshotRecovery
{
    /// <param name="bad">The files; those that are replaced are removed.</param>
    /// <param name="others">The copies that could be opened.</param>
    /// <returns>The files of which is not known what they were.</returns>
    public static IReadOnlyList<StorageId> Run(BackupRepository repository, IReadOnlyList<StorageId> bad, IReadOnlyList<BackupRepository> others, EventSink events, CancellationToken stop)
    {
        HashSet<(StorageId, DateTimeOffset)> there = [.. repository.Snapshots().Select(snapshot => (snapshot.Tree, snapshot.Time))];
        var missing = new List<(BackupRepository From, SnapshotInfo Snapshot)>();
        foreach (BackupRepository other in others)
            foreach (SnapshotInfo snapshot in other.Snapshots())
                if (there.Add((snapshot.Tree, snapshot.Time)))
                    missing.Add((other, snapshot));
        List<StorageId> unknown = [.. bad], replaced = [];
        List<(BackupRepository From, SnapshotInfo Snapshot)> found = [.. missing.Where(one => one.Snapshot.Original is { } original && unknown.Remove(original))];
        List<(BackupRepository, SnapshotInfo)> rest = [.. missing.Except(found)];
        if (rest.Count == unknown.Count)
        {
            found.AddRange(rest);
            unknown.Clear();
        }
        foreach ((BackupRepository from, SnapshotInfo snapshot) in found)
            SnapshotCopy.Run(from, from, snapshot, repository, events, stop);
        replaced.AddRange(bad.Except(unknown));
        if (replaced.Count > 0)
        {
            using RepositoryLock held = RepositoryLock.Take(repository, exclusive: true, events, TimeProvider.System, stop);
            foreach (StorageId id in replaced)
                repository.Store.Remove(FileKind.Snapshot, id.ToString());
        }
        return unknown;
    }
}
