using System.Globalization;
using System.Text.RegularExpressions;
using Jumpbag.Backup.Archiving;
using Jumpbag.Backup.Maintenance;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Tiers;
using Jumpbag.Core;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Backup;

/// <summary>
/// What writes a repository is broken off at every single change that it makes, before and after it: what was whole is whole, and the next run does it.
/// (Killed processes, with restic as the judge, are in tests/real.)
/// </summary>
public sealed class BrokenOffTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void saving()
    {
        var store = new MemoryStore();
        using (CheapRepository.Create(store))
        {
        }
        Fill("a", 8);
        AtEveryChange(store, repository => Save(repository), (repository, isDone) => Assert.InRange(repository.Snapshots().Count, isDone ? 1 : 0, 2));
    }

    [Fact]
    public void pruning()
    {
        MemoryStore store = Several();
        using (BackupRepository repository = CheapRepository.Open(store))
            Assert.True(new PruneRun(repository, _ => { }, CancellationToken.None).Run(true) is { PacksRepacked: > 0, PacksRemoved: > 0 });
        AtEveryChange(store, repository => new PruneRun(repository, _ => { }, CancellationToken.None).Run(false), (repository, isDone) =>
        {
            Assert.Equal(2, repository.Snapshots().Count);
            if (isDone)
                Assert.Equal(0, new PruneRun(repository, _ => { }, CancellationToken.None).Run(true).PacksRemoved);
        });
    }

    [Fact]
    public void copying()
    {
        using BackupRepository from = CheapRepository.Open(Several());
        var store = new MemoryStore();
        using (CheapRepository.Create(store))
        {
        }
        SnapshotInfo snapshot = from.Snapshots()[0];
        AtEveryChange(store, repository => SnapshotCopy.Run(from, from, snapshot, repository, _ => { }, CancellationToken.None), (repository, isDone) => Assert.InRange(repository.Snapshots().Count, isDone ? 1 : 0, 1));
    }

    [Fact]
    public void healing()
    {
        MemoryStore whole = Several(), store = whole.Unlocked();
        using BackupRepository other = CheapRepository.Open(whole);
        string[] packs = [.. store.List(FileKind.Pack).Order()];
        store.Damage(FileKind.Pack, packs[0]);
        store.Remove(FileKind.Pack, packs[1]);
        store.Damage(FileKind.Snapshot, store.List(FileKind.Snapshot)[0]);
        AtEveryChange(store, repository =>
        {
            CheckResult found = new RepositoryCheck(repository, _ => { }, CancellationToken.None).Run(1);
            if (found.IsHealthy)
                return;
            SnapshotRecovery.Run(repository, found.BadSnapshots, [other], _ => { }, CancellationToken.None);
            HealResult healed = new HealRun(repository, other, _ => { }, CancellationToken.None).Run(found);
            Assert.Equal((0L, 0), (healed.BlobsLost, healed.Lost.Count));
        }, (repository, isDone) =>
        {
            if (isDone)
                Assert.Equal(2, repository.Snapshots().Count);
        }, wasWhole: false, mayStay: "^snapshot \\w+ cannot be read.*$");
    }

    /// <summary>What a heal gave up as damaged may still lie there, named by no index, since the store removes nothing: neither a prune nor the next heal or run may count on it.</summary>
    [Fact]
    public void a_damaged_pack_that_no_index_names_is_not_counted_on()
    {
        MemoryStore whole = Several(), store = whole.Unlocked();
        using BackupRepository other = CheapRepository.Open(whole);
        string[] packs = [.. store.List(FileKind.Pack)];
        foreach (string pack in packs)
            store.Damage(FileKind.Pack, pack);
        store.KeepsPacks = true;
        using (BackupRepository repository = CheapRepository.Open(store))
        {
            HealResult healed = new HealRun(repository, other, _ => { }, CancellationToken.None).Run(new RepositoryCheck(repository, _ => { }, CancellationToken.None).Run(1));
            Assert.Equal((0L, packs.Length), (healed.BlobsLost, healed.PacksReplaced));
        }
        Assert.Superset(packs.ToHashSet(), store.List(FileKind.Pack).ToHashSet());
        foreach (bool prunes in new[] { true, false })
        {
            MemoryStore left = store.Unlocked();
            using (BackupRepository repository = CheapRepository.Open(left))
            {
                if (prunes)
                    new PruneRun(repository, _ => { }, CancellationToken.None).Run(false);
                else
                    Assert.Equal(0, new HealRun(repository, other, _ => { }, CancellationToken.None).Run(new RepositoryCheck(repository, _ => { }, CancellationToken.None).Run(1)).BlobsLost);
            }
            using BackupRepository after = CheapRepository.Open(left);
            Assert.Equal("", Problems(after));
            Assert.Equal(2, after.Snapshots().Count);
        }
    }

    /// <summary>A pack that no index names is of no use to others: a run saves again what lies in it alone, and a heal names it once it was read.</summary>
    [Fact]
    public void a_pack_that_no_index_names_is_not_taken_for_saved()
    {
        MemoryStore store = Several();
        foreach (string index in store.List(FileKind.Index))
            store.Remove(FileKind.Index, index);
        MemoryStore named = store.Unlocked();
        using (BackupRepository repository = CheapRepository.Open(store))
        {
            Assert.Contains("no index names", Problems(repository), StringComparison.Ordinal);
            Save(repository);
        }
        using (BackupRepository repository = CheapRepository.Open(store))
            Assert.True(repository.Index.Contains(BlobType.Tree, repository.Snapshots()[^1].Tree));
        using (BackupRepository repository = CheapRepository.Open(named))
            Assert.Equal(0, new HealRun(repository, null, _ => { }, CancellationToken.None).Run(new RepositoryCheck(repository, _ => { }, CancellationToken.None).Run(1)).BlobsRecovered);
        using BackupRepository healed = CheapRepository.Open(named);
        Assert.Equal("", Problems(healed));
    }

    /// <param name="holds">Of the repository, after what was broken off, and when it was done.</param>
    /// <param name="wasWhole">Before it, so that it must be whenever it breaks off.</param>
    /// <param name="mayStay">The problem that the next run may leave: of a file whose snapshot is back already nobody can tell that it was that one.</param>
    private static void AtEveryChange(MemoryStore store, Action<BackupRepository> run, Action<BackupRepository, bool> holds, bool wasWhole = true, string? mayStay = null)
    {
        MemoryStore unbroken = store.Unlocked();
        using (BackupRepository repository = CheapRepository.Open(unbroken))
            run(repository);
        using (BackupRepository after = CheapRepository.Open(unbroken.Unlocked()))
        {
            Assert.Equal("", Problems(after));
            holds(after, true);
        }
        Assert.True(unbroken.Changes > 3, "it changes next to nothing");
        // Most of the time they wait, since whoever takes a lock does.
        Parallel.For(1, unbroken.Changes + 1, new() { MaxDegreeOfParallelism = 8 }, change => BreakAt(change));

        void BreakAt(int change)
        {
            MemoryStore broken = store.Unlocked();
            (broken.BreakAt, broken.BreaksAfter) = (change, change % 2 == 0);
            using (BackupRepository repository = CheapRepository.Open(broken))
            {
                try
                {
                    run(repository);
                }
                catch (Exception e) when (broken.IsBroken && e is JumpbagException or OperationCanceledException or AggregateException)
                {
                }
            }
            MemoryStore left = broken.Unlocked();
            using BackupRepository after = CheapRepository.Open(left);
            string at = $"broken off at change {change.ToString(CultureInfo.InvariantCulture)}";
            if (wasWhole)
                Assert.True(Problems(after) is "", $"{at}: {Problems(after)}");
            holds(after, false);
            run(after);
            using BackupRepository done = CheapRepository.Open(left.Unlocked());
            Assert.True(Problems(done) is var problems && (problems.Length == 0 || (mayStay is not null && Regex.IsMatch(problems, mayStay))), $"{at}, and run again: {problems}");
            holds(done, true);
        }
    }

    private static string Problems(BackupRepository repository) => string.Join("\n", new RepositoryCheck(repository, _ => { }, CancellationToken.None).Run(1).Problems);

    /// <summary>Two snapshots, of a third one's data that nothing needs any more: packs with nothing needed, and packs of which a part is.</summary>
    private MemoryStore Several()
    {
        var store = new MemoryStore();
        using BackupRepository repository = CheapRepository.Create(store);
        Fill("a", 8);
        Save(repository);
        foreach (string name in Directory.GetFiles(folder.File("src")).Take(6))
            File.Delete(name);
        Fill("b", 3);
        SnapshotInfo second = Save(repository);
        foreach (string name in Directory.GetFiles(folder.File("src")))
            File.Delete(name);
        Fill("c", 4);
        SnapshotInfo third = Save(repository);
        Forgetting.Remove(repository, repository.Snapshots().Where(snapshot => snapshot.Id != second.Id && snapshot.Id != third.Id), _ => { }, CancellationToken.None);
        Fill("d", 4);
        SnapshotInfo last = Save(repository);
        Forgetting.Remove(repository, repository.Snapshots().Where(snapshot => snapshot.Id == last.Id), _ => { }, CancellationToken.None);
        return store;
    }

    private void Fill(string prefix, int files)
    {
        var random = new Random(prefix[0]);
        Directory.CreateDirectory(folder.File("src"));
        for (int i = 0; i < files; i++)
        {
            var content = new byte[random.Next(20_000, 700_000)];
            random.NextBytes(content);
            File.WriteAllBytes(folder.File($"src/{prefix}{i}"), content);
        }
    }

    private SnapshotInfo Save(BackupRepository repository) =>
        Archiver.Run(repository, new FilesSource([ByteString.FromText(folder.File("src"))]), new(), _ => { }, CancellationToken.None).Snapshot;
}
