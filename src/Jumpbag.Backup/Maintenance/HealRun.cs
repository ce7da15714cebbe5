using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Maintenance;

/// <summary>What healing has done.</summary>
/// <param name="Lost">Files of which no copy has all blobs any more, by their paths in the snapshot.</param>
public sealed record HealResult(int PacksReplaced, long BlobsRecovered, long BytesRecovered, long BlobsLost, IReadOnlyList<string> Lost);

/// <summary>
/// Replaces damaged and missing packs: each blob that a snapshot needs is taken from another place in the same repository or from another copy,
/// and what cannot be had is named by its files. A damaged index is written anew from the packs.
/// </summary>
public sealed class HealRun(BackupRepository repository, BlobSource? others, EventSink events, CancellationToken stop)
{
    private BackupRepository Repository => repository;

    private BlobSource? Others => others;

    /// <param name="found">By a check just before that has read all packs.</param>
    public HealResult Run(CheckResult found)
    {
        using RepositoryLock held = RepositoryLock.Take(repository, exclusive: true, events, TimeProvider.System, stop);
        repository.ReadIndexAnew();
        repository.ReadUnnamedPacksOnce();
        var needed = new HashSet<(BlobType Type, StorageId Id)>();
        var users = new Dictionary<StorageId, List<string>>();
        var lost = new List<string>();
        HashSet<(BlobType, StorageId)> good = [];
        // A pack that nobody has read may have been given up as damaged before.
        foreach ((StorageId pack, List<PackedBlob> blobs) in repository.Index.ByPack())
            if (found.GoodPacks.Contains(pack))
                good.UnionWith(blobs.Select(blob => (blob.Type, blob.Id)));
        FindNeeded(good, needed, users, lost, held.Stop);
        needed.ExceptWith(good);

        long recovered = 0, bytes = 0, gone = 0;
        using var progress = new ProgressTimer(events, elapsed => new($"healing {repository.Place}", recovered, needed.Count, bytes, null, elapsed));
        using var writer = new RepositoryWriter(repository);
        try
        {
            foreach ((BlobType type, StorageId id) in needed)
            {
                held.Stop.ThrowIfCancellationRequested();
                using BlobContent? content = Find(type, id);
                if (content is not null)
                {
                    writer.SaveAgain(type, id, content.Span);
                    recovered++;
                    bytes += content.Length;
                    continue;
                }
                gone++;
                lost.AddRange(users.GetValueOrDefault(id) ?? []);
            }
            writer.Finish();
        }
        catch
        {
            writer.Abandon();
            held.ThrowIfLost();
            throw;
        }
        held.ThrowIfLost();
        if (found.BadPacks.Count > 0 || repository.IndexProblems.Count > 0 || repository.Index.HasUnnamed || recovered > 0)
            IndexRewrite.Without(repository, found.BadPacks, found.GoodPacks, events);
        return new(found.BadPacks.Count, recovered, bytes, gone, [.. lost.Distinct()]);
    }

    /// <summary>All blobs that the snapshots need; trees that are lost here are read from the others, so that what is below them is found too.</summary>
    private void FindNeeded(HashSet<(BlobType, StorageId)> good, HashSet<(BlobType Type, StorageId Id)> needed, Dictionary<StorageId, List<string>> users, List<string> lost, CancellationToken cancelled)
    {
        SnapshotInfo? current = null;
        var visit = new TreeVisit(new Anywhere(this), cancelled)
        {
            Tree = id => needed.Add((BlobType.Tree, id)),
            Entry = (path, node) =>
            {
                foreach (StorageId blob in node.Content)
                {
                    needed.Add((BlobType.Data, blob));
                    // Only of those that may be lost somebody will ask.
                    if (!good.Contains((BlobType.Data, blob)))
                        Use(blob, path);
                }
            },
            Lost = (path, _, e) => lost.Add($"{current!.Id.Short}:{path}: all that is in it ({e.Message})"),
        };
        foreach (SnapshotInfo snapshot in repository.Snapshots())
        {
            current = snapshot;
            visit.Run(snapshot.Tree);
        }

        void Use(StorageId blob, ByteString path)
        {
            if (!users.TryGetValue(blob, out List<string>? paths))
                users.Add(blob, paths = []);
            if (paths.Count < 10)
                paths.Add($"{current!.Id.Short}:{path}");
        }
    }

    private BlobContent? Find(BlobType type, StorageId id)
    {
        try
        {
            return repository.Blob(type, id);
        }
        catch (JumpbagException)
        {
            // That is why we are here.
        }
        try
        {
            return others?.Blob(type, id);
        }
        catch (JumpbagException)
        {
            return null;
        }
    }

    /// <summary>This repository, and the others where it has lost something.</summary>
    private sealed class Anywhere(HealRun run) : BlobSource
    {
        public override string Place => run.Repository.Place;

        internal override long? LengthOf(BlobType type, StorageId blob) => run.Repository.LengthOf(type, blob) ?? run.Others?.LengthOf(type, blob);

        internal override BlobContent Blob(BlobType type, StorageId blob) => run.Find(type, blob) ?? throw new CorruptException($"tree {blob.Short} is nowhere any more");
    }
}
