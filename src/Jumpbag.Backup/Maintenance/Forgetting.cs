using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Writing;
using Jumpbag.Core.Events;

namespace Jumpbag.Backup.Maintenance;

/// <summary>Removes snapshots; what they alone needed goes with <see cref="PruneRun"/>.</summary>
public static class Forgetting
{
    /// <exception cref="Core.JumpbagException">One cannot be removed; those before it are.</exception>
    public static void Remove(BackupRepository repository, IEnumerable<SnapshotInfo> snapshots, EventSink events, CancellationToken stop)
    {
        using RepositoryLock held = RepositoryLock.Take(repository, exclusive: true, events, TimeProvider.System, stop);
        foreach (SnapshotInfo snapshot in snapshots)
        {
            held.Stop.ThrowIfCancellationRequested();
            held.ThrowIfLost();
            repository.Store.Remove(FileKind.Snapshot, snapshot.Id.ToString());
        }
    }
}
