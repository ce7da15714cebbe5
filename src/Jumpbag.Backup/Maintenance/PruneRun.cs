using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Maintenance;

/// <summary>What pruning does.</summary>
/// <param name="PacksRepacked">Of which a part is still needed: that is written into new packs.</param>
/// <param name="BytesFreed">In the store, in the end.</param>
/// <param name="BytesUnused">That stay, since packs with few of them are left as they are.</param>
public sealed record PruneResult(int PacksRemoved, int PacksRepacked, long BytesFreed, long BytesUnused);

/// <summary>Removes from a repository what no snapshot needs. Alone in it: under an exclusive lock.</summary>
public sealed class PruneRun(BackupRepository repository, EventSink events, CancellationToken stop)
{
    /// <summary>How much of what is needed may lie about unused, as restic's --max-unused.</summary>
    private const double MostUnused = 0.05;

    /// <exception cref="UnsupportedException">What is needed cannot be told, since something is damaged.</exception>
    public PruneResult Run(bool dryRun)
    {
        using RepositoryLock held = RepositoryLock.Take(repository, exclusive: true, events, TimeProvider.System, stop);
        repository.ReadIndexAnew();
        repository.ReadUnnamedPacksOnce();
        HashSet<(BlobType, StorageId)> needed = Needed(held.Stop);
        Dictionary<StorageId, List<PackedBlob>> packs = repository.Index.ByPack();
        HashSet<StorageId> present = [.. repository.Store.List(FileKind.Pack).Select(name => StorageId.TryParse(name, out StorageId id) ? id : default)];
        var claimed = new HashSet<(BlobType, StorageId)>();
        var partly = new List<(StorageId Pack, List<PackedBlob> Kept, long Used, long Unused)>();
        var gone = new HashSet<StorageId>();
        long freed = 0, used = 0;
        var repacked = new List<(StorageId Pack, List<PackedBlob> Kept)>();
        // What lies in several packs is kept in the one that is needed most; in one that no index names only where no other has it, since it may have been given up as damaged.
        foreach ((StorageId pack, List<PackedBlob> blobs) in packs.Where(pack => present.Contains(pack.Key)).OrderByDescending(pack => repository.Index.IsNamed(pack.Key)).ThenByDescending(pack => pack.Value.Where(blob => needed.Contains((blob.Type, blob.Id))).Sum(blob => (long)blob.Length)))
        {
            List<PackedBlob> kept = [.. blobs.Where(blob => needed.Contains((blob.Type, blob.Id)) && claimed.Add((blob.Type, blob.Id)))];
            long usedHere = kept.Sum(blob => (long)blob.Length), all = blobs.Sum(blob => (long)blob.Length);
            used += usedHere;
            if (kept.Count == 0)
            {
                gone.Add(pack);
                freed += all;
            }
            else if (!repository.Index.IsNamed(pack))
            {
                repacked.Add((pack, kept));
                freed += all - usedHere;
            }
            else if (kept.Count < blobs.Count)
            {
                partly.Add((pack, kept, usedHere, all - usedHere));
            }
        }
        if (needed.FirstOrDefault(blob => !claimed.Contains(blob)) is var (type, missing) && needed.Count > claimed.Count)
            throw new UnsupportedException($"{repository.Place}: {(type == BlobType.Tree ? "tree" : "blob")} {missing.Short}, which snapshots need, is missing: nothing is removed", "jumpbag backup heal first");
        long unused = partly.Sum(pack => pack.Unused);
        foreach ((StorageId pack, List<PackedBlob> kept, long usedHere, long unusedHere) in partly.OrderByDescending(pack => (double)pack.Unused / (pack.Used + pack.Unused)))
        {
            if (unused <= used * MostUnused)
                break;
            repacked.Add((pack, kept));
            unused -= unusedHere;
            freed += unusedHere;
        }
        freed += Unfinished(dryRun);
        var result = new PruneResult(gone.Count, repacked.Count, freed, unused);
        if (dryRun || gone.Count + repacked.Count == 0)
            return result;
        Repack(repacked, held);
        gone.UnionWith(repacked.Select(one => one.Pack));
        held.ThrowIfLost();
        IndexRewrite.Without(repository, gone, new HashSet<StorageId>(), events);
        return result;
    }

    /// <summary>Removes what a killed run was writing: nobody else writes here now. How many bytes that is.</summary>
    private long Unfinished(bool dryRun)
    {
        long freed = 0;
        foreach (string name in repository.Store.Unfinished(FileKind.Pack))
        {
            freed += repository.Store.Length(FileKind.Pack, name);
            if (!dryRun)
                repository.Store.Remove(FileKind.Pack, name);
        }
        return freed;
    }

    private HashSet<(BlobType, StorageId)> Needed(CancellationToken cancelled)
    {
        var needed = new HashSet<(BlobType, StorageId)>();
        var visit = new TreeVisit(repository, cancelled)
        {
            Tree = id => needed.Add((BlobType.Tree, id)),
            Entry = (_, node) => needed.UnionWith(node.Content.Select(blob => (BlobType.Data, blob))),
            Lost = (path, id, e) => throw new UnsupportedException($"{repository.Place}: {path}: {e.Message}: nothing is removed while it cannot be told what is needed", "jumpbag backup heal first"),
        };
        // A snapshot that cannot be read needs something too.
        foreach (SnapshotInfo snapshot in repository.Snapshots((_, unreadable) => throw new UnsupportedException($"{repository.Place}: {unreadable}: nothing is removed while it cannot be told what is needed", "jumpbag backup heal first")))
            visit.Run(snapshot.Tree);
        return needed;
    }

    private void Repack(List<(StorageId Pack, List<PackedBlob> Kept)> packs, RepositoryLock held)
    {
        long done = 0, total = packs.Sum(pack => pack.Kept.Sum(blob => (long)blob.Length));
        using var progress = new ProgressTimer(events, elapsed => new($"pruning {repository.Place}", 0, null, Interlocked.Read(ref done), total, elapsed));
        using var writer = new RepositoryWriter(repository);
        try
        {
            foreach (PackedBlob blob in packs.SelectMany(pack => pack.Kept))
            {
                held.Stop.ThrowIfCancellationRequested();
                using BlobContent content = repository.Blob(blob.Type, blob.Id);
                writer.SaveAgain(blob.Type, blob.Id, content.Span);
                Interlocked.Add(ref done, blob.Length);
            }
            writer.Finish();
        }
        catch
        {
            writer.Abandon();
            held.ThrowIfLost();
            throw;
        }
    }
}
