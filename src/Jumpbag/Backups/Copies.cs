using System.Collections.Concurrent;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Tiers;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Backup.Stores;
using Jumpbag.Restoring;

namespace Jumpbag.Backups;

/// <summary>The repositories of the configured copies, each opened once; any thread may ask.</summary>
internal sealed class Copies(TiersConfig config, EventSink events) : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<BackupRepository>> opened = new();

    /// <exception cref="JumpbagException">It cannot be opened.</exception>
    public BackupRepository Open(BackupCopy copy) => opened.GetOrAdd(copy.Name, _ => new(() => BackupRepository.Open(OpenStore(copy), RepositoryPassword.Of(copy), events))).Value;

    public RepositoryStore OpenStore(BackupCopy copy) => StoreAddress.Parse(copy.Url!).Open(new() { Events = events, Limits = new(copy.UploadLimit, copy.ReadLimit) });

    /// <summary>The state of each of these sources in each copy that is no live one, as the copies say it themselves. All are asked at once.</summary>
    /// <param name="sizes">Whether the sizes that are not known yet are measured.</param>
    public IReadOnlyList<CopyState> Survey(IReadOnlyList<BackupSource> sources, string stateFolder, bool sizes, CancellationToken cancelled)
    {
        var cache = new SizeCache(stateFolder);
        var states = new CopyState[sources.Count, config.Repositories.Count()];
        // Each waits for its own place.
        Task.WaitAll([.. config.Repositories.Select((copy, column) => Task.Run(() =>
        {
            Measurements measured = Measurements.Load(stateFolder, copy.Name);
            IReadOnlyList<SnapshotInfo>? snapshots = null;
            string? unreachable = null;
            try
            {
                snapshots = Open(copy).Snapshots();
            }
            catch (JumpbagException e)
            {
                unreachable = e.Message;
            }
            for (int row = 0; row < sources.Count; row++)
                states[row, column] = StateOf(sources[row], copy, snapshots, unreachable, measured, cache, sizes, cancelled);
        }, CancellationToken.None))], CancellationToken.None);
        cancelled.ThrowIfCancellationRequested();
        cache.Save();
        return [.. states.Cast<CopyState>()];
    }

    public void Dispose()
    {
        foreach (Lazy<BackupRepository> repository in opened.Values)
            if (repository.IsValueCreated)
                repository.Value.Dispose();
    }

    private CopyState StateOf(BackupSource source, BackupCopy copy, IReadOnlyList<SnapshotInfo>? all, string? unreachable, Measurements measured, SizeCache cache, bool sizes, CancellationToken cancelled)
    {
        var state = new CopyState(source, copy) { Unreachable = unreachable, Verified = measured.Verified, Withstood = measured.CanaryStayed ? measured.CanaryTested : null };
        if (all is null || SourceSnapshots.Of(source, all) is not { Count: > 0 } found)
            return state;
        SnapshotInfo newest = found[^1];
        SnapshotSizeOf(newest, out long? stored);
        return state with
        {
            Snapshots = found.Count,
            Snapshot = newest.Id.Short,
            Taken = newest.Time,
            Bytes = stored,
            Restore = stored is { } bytes ? measured.Estimate(bytes, copy.ReadLimit) : null,
        };

        void SnapshotSizeOf(SnapshotInfo snapshot, out long? bytes)
        {
            bytes = cache.Find(snapshot.Tree)?.Stored;
            if (bytes is not null || !sizes || cancelled.IsCancellationRequested)
                return;
            try
            {
                var size = Jumpbag.Backup.Snapshots.SnapshotSize.Of(Open(copy), snapshot.Tree, cancelled);
                cache.Add(snapshot.Tree, size);
                bytes = size.Stored;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (JumpbagException e)
            {
                events(new Warning($"{copy.Name}: the size of snapshot {snapshot.Id.Short} cannot be told: {e.Message}", $"jumpbag backup verify {copy.Name}"));
            }
        }
    }
}
