using System.CommandLine;
using System.Globalization;
using Jumpbag.Backup.Maintenance;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup copy [SOURCE …]: brings each copy what others have and it lacks, without touching the source.</summary>
internal static class CopyVerb
{
    private static readonly Argument<string[]> Names = new("source") { Arity = ArgumentArity.ZeroOrMore, Description = "only these sources" };
    private static readonly Option<string[]> To = new("--to") { HelpName = "COPY", Description = "only into this copy (repeatable)" };
    private static readonly Option<bool> All = new("--all") { Description = "all snapshots, not only the newest of each source" };

    public static Command Make() => TierOptions.Make("copy", Run, Names, To, All, CommonOptions.DryRun);

    private static int Run(BackupDesk desk)
    {
        IReadOnlyList<BackupSource> sources = desk.Sources(desk.Parsed.GetValue(Names) ?? []);
        var opened = new List<(BackupCopy Copy, BackupRepository Repository, IReadOnlyList<SnapshotInfo> Snapshots)>();
        foreach (BackupCopy copy in desk.Config.Repositories.OrderBy(copy => copy.Tier))
            desk.Try(copy.Name, () =>
            {
                BackupRepository repository = desk.Copies.Open(copy);
                opened.Add((copy, repository, repository.Snapshots()));
            });
        bool failed = opened.Count < desk.Config.Repositories.Count();
        IReadOnlyList<BackupCopy> targets = desk.Repositories(desk.Parsed.GetValue(To) ?? []);
        foreach (BackupSource source in sources)
            foreach ((BackupCopy target, BackupRepository to, _) in opened.Where(one => targets.Contains(one.Copy) && source.GoesTo(one.Copy)))
                foreach ((BackupCopy Copy, BackupRepository Repository, SnapshotInfo Snapshot) wanted in Lacking(desk, source, to, opened.Where(one => one.Copy != target)))
                    failed |= !TryCopy(desk, source, wanted, target, to, opened);
        return failed ? ExitStatus.Failed : desk.Session.Status;
    }

    /// <summary>What others have and this one has not, by tree and time, the oldest first.</summary>
    private static List<(BackupCopy, BackupRepository, SnapshotInfo)> Lacking(BackupDesk desk, BackupSource source, BackupRepository to, IEnumerable<(BackupCopy Copy, BackupRepository Repository, IReadOnlyList<SnapshotInfo> Snapshots)> others)
    {
        HashSet<(StorageId, DateTimeOffset)> there = [.. to.Snapshots().Select(snapshot => (snapshot.Tree, snapshot.Time))];
        var found = new List<(BackupCopy Copy, BackupRepository Repository, SnapshotInfo Snapshot)>();
        foreach ((BackupCopy copy, BackupRepository repository, IReadOnlyList<SnapshotInfo> snapshots) in others)
            foreach (SnapshotInfo snapshot in SourceSnapshots.Of(source, snapshots))
                if (there.Add((snapshot.Tree, snapshot.Time)))
                    found.Add((copy, repository, snapshot));
        found.Sort((a, b) => a.Snapshot.Time.CompareTo(b.Snapshot.Time));
        DateTimeOffset newest = SourceSnapshots.Of(source, to.Snapshots()) is [.., var last] ? last.Time : DateTimeOffset.MinValue;
        return desk.Parsed.GetValue(All) ? found : [.. found.TakeLast(1).Where(one => one.Snapshot.Time > newest)];
    }

    private static bool TryCopy(BackupDesk desk, BackupSource source, (BackupCopy Copy, BackupRepository Repository, SnapshotInfo Snapshot) wanted, BackupCopy target, BackupRepository to, List<(BackupCopy Copy, BackupRepository Repository, IReadOnlyList<SnapshotInfo> Snapshots)> opened)
    {
        string what = $"{source.Name}: {wanted.Copy.Name} {wanted.Snapshot.Id.Short} -> {target.Name}";
        if (desk.Parsed.GetValue(CommonOptions.DryRun))
        {
            desk.Out.WriteLine(what);
            return true;
        }
        return desk.Try(what, () =>
        {
            // What the one that has the snapshot cannot give, the others may.
            var blobs = new CopyChain(opened.Where(one => one.Copy != target).OrderBy(one => one.Copy == wanted.Copy ? 0 : 1).Select(one => (one.Copy, (Func<BackupRepository>)(() => one.Repository))), desk.Events);
            CopiedSnapshot copied = SnapshotCopy.Run(wanted.Repository, blobs, wanted.Snapshot, to, desk.Events, desk.Session.CatchSignals());
            desk.Events(new BytesMoved(copied.NewBytes));
            desk.Events(new Status(what, string.Create(CultureInfo.InvariantCulture, $"snapshot {copied.Snapshot.Id.Short}: new {ByteSize.Format(copied.NewBytes)}, stored in {ByteSize.Format(copied.StoredBytes)}; {copied.Elapsed.TotalSeconds:0.0} s")));
        });
    }
}
