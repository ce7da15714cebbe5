using System.Collections.Concurrent;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Maintenance;

/// <summary>What a check found.</summary>
/// <param name="Problems">In words, one a line.</param>
/// <param name="BadPacks">Damaged or missing.</param>
/// <param name="GoodPacks">Read whole, and found as they should be.</param>
/// <param name="BadSnapshots">Files of snapshots that cannot be read.</param>
/// <param name="LostFiles">Paths whose content or tree no index and no pack has.</param>
/// <param name="BytesRead">Of packs that were read whole.</param>
public sealed record CheckResult(int Snapshots, int Packs, int PacksRead, long BytesRead, IReadOnlyList<string> Problems, IReadOnlySet<StorageId> BadPacks, IReadOnlySet<StorageId> GoodPacks, IReadOnlyList<StorageId> BadSnapshots, IReadOnlyList<string> LostFiles, TimeSpan Elapsed)
{
    public bool IsHealthy => Problems.Count == 0;

    /// <summary>Whether all data was read.</summary>
    public bool IsComplete => PacksRead == Packs;
}

/// <summary>Whether a repository holds what it says: from its snapshots through their trees to the packs, and on demand the packs' content.</summary>
public sealed class RepositoryCheck(BackupRepository repository, EventSink events, CancellationToken stop)
{
    /// <summary>No program writes larger ones.</summary>
    private const long MostPack = 512 << 20;

    private const int MostLostFiles = 10_000;

    private readonly ConcurrentQueue<string> problems = new();
    private readonly ConcurrentDictionary<StorageId, bool> bad = new(), good = new();
    private long bytesRead;
    private int packsRead;

    /// <param name="share">Which part of the packs is read whole, 0 to 1; which ones is chance.</param>
    public CheckResult Run(double share)
    {
        int done = 0, toRead = 0;
        using var progress = new ProgressTimer(events, elapsed => new($"checking {repository.Place}", Volatile.Read(ref done), Volatile.Read(ref toRead), Interlocked.Read(ref bytesRead), null, elapsed));
        var badSnapshots = new List<StorageId>();
        IReadOnlyList<SnapshotInfo> snapshots = repository.Snapshots((id, problem) =>
        {
            badSnapshots.Add(id);
            problems.Enqueue(problem);
        });
        var lost = new List<string>();
        CheckTrees(snapshots, lost);
        foreach (string problem in repository.IndexProblems)
            problems.Enqueue(problem);
        Dictionary<StorageId, List<PackedBlob>> packs = repository.Index.ByPack();
        HashSet<StorageId> present = [];
        foreach (string name in repository.Store.List(FileKind.Pack))
            if (StorageId.TryParse(name, out StorageId id))
                present.Add(id);
        var wanted = new List<(StorageId Pack, List<PackedBlob> Blobs, bool IsRead)>();
        foreach ((StorageId pack, List<PackedBlob> blobs) in packs)
        {
            if (!present.Contains(pack))
                Bad(pack, "is missing");
            else
                wanted.Add((pack, blobs, share >= 1 || Random.Shared.NextDouble() < share));
        }
        toRead = wanted.Count;
        Parallel.ForEach(wanted, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stop }, one =>
        {
            try
            {
                CheckPack(one.Pack, one.Blobs, one.IsRead);
            }
            catch (JumpbagException e)
            {
                Bad(one.Pack, e.Message);
            }
            Interlocked.Increment(ref done);
        });
        return new(snapshots.Count, packs.Count, packsRead, bytesRead, [.. problems], bad.Keys.ToHashSet(), good.Keys.ToHashSet(), badSnapshots, lost, progress.Elapsed);
    }

    private void CheckTrees(IReadOnlyList<SnapshotInfo> snapshots, List<string> lost)
    {
        SnapshotInfo? current = null;
        bool isUnnamed = false;
        var visit = new TreeVisit(repository, stop)
        {
            Tree = tree => isUnnamed |= !repository.Index.Contains(BlobType.Tree, tree),
            Entry = (path, node) =>
            {
                foreach (StorageId blob in node.Content)
                {
                    if (repository.LengthOf(BlobType.Data, blob) is null)
                    {
                        Lose(path, $"blob {blob.Short} is in no pack");
                        return;
                    }
                    isUnnamed |= !repository.Index.Contains(BlobType.Data, blob);
                }
            },
            Lost = (path, _, e) => Lose(path, e.Message),
        };
        foreach (SnapshotInfo snapshot in snapshots)
        {
            current = snapshot;
            visit.Run(snapshot.Tree);
        }
        if (isUnnamed && lost.Count == 0 && repository.IndexProblems.Count == 0)
            problems.Enqueue("snapshots need packs that no index names");

        void Lose(ByteString path, string reason)
        {
            string named = $"{current!.Id.Short}:{path}";
            problems.Enqueue($"{named}: {reason}");
            if (lost.Count < MostLostFiles)
                lost.Add(named);
        }
    }

    private void CheckPack(StorageId pack, List<PackedBlob> blobs, bool isRead)
    {
        long length = repository.Store.Length(FileKind.Pack, pack.ToString()), end = blobs.Count == 0 ? 0 : blobs.Max(blob => (long)blob.Offset + blob.Length);
        if (length < end)
        {
            Bad(pack, $"has {length} bytes, and its blobs need {end}");
            return;
        }
        if (!isRead)
            return;
        if (length > MostPack)
        {
            Bad(pack, $"has {ByteSize.Format(length)}, which no pack has");
            return;
        }
        var content = new byte[length];
        repository.Store.Read(FileKind.Pack, pack.ToString(), 0, content);
        Interlocked.Increment(ref packsRead);
        Interlocked.Add(ref bytesRead, length);
        if (StorageId.Of(content) != pack)
        {
            Bad(pack, "its bytes don't fit its name");
            return;
        }
        foreach (PackedBlob blob in blobs)
            if (repository.Mismatch(content.AsSpan((int)blob.Offset, (int)blob.Length), blob.Uncompressed, blob.Id) is { } reason)
            {
                Bad(pack, $"the blob at byte {blob.Offset} {reason}");
                return;
            }
        good[pack] = true;
    }

    private void Bad(StorageId pack, string reason)
    {
        bad[pack] = true;
        problems.Enqueue($"pack {pack.Short}: {reason}");
    }
}
