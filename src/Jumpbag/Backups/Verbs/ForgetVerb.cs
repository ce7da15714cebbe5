using System.CommandLine;
using System.Globalization;
using Jumpbag.Backup.Maintenance;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Terminal;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup forget [SOURCE …]: removes the snapshots that a copy need not keep; their data go with prune.</summary>
internal static class ForgetVerb
{
    private static readonly Argument<string[]> Names = new("source") { Arity = ArgumentArity.ZeroOrMore, Description = "only these sources" };
    private static readonly Option<string[]> Copy = new("--copy") { HelpName = "COPY", Description = "only in this copy (repeatable)" };
    private static readonly Option<bool> All = new("--all") { Description = "all snapshots of the source in the copy, whatever is to be kept: for what must not be there" };

    public static Command Make() => TierOptions.Make("forget", Run, Names, Copy, All, CommonOptions.DryRun);

    private static int Run(BackupDesk desk)
    {
        string[] named = desk.Parsed.GetValue(Copy) ?? [], names = desk.Parsed.GetValue(Names) ?? [];
        bool all = desk.Parsed.GetValue(All), dryRun = desk.Parsed.GetValue(CommonOptions.DryRun), failed = false;
        if (all && (named.Length == 0 || names.Length == 0))
            throw new UsageException("--all needs a source and --copy: everything of it goes there", "jumpbag backup forget SOURCE --copy COPY --all");
        var table = new Table(("Copy", false), ("Source", false), ("Snapshot", false), ("Time (UTC)", false), ("", false));
        foreach (BackupCopy copy in desk.Repositories(named))
        {
            if (copy.Keep is null && !all)
            {
                desk.Events(new Warning($"{copy.Name}: nothing says what is to be kept, so everything is", $"[keep], or [copies.{copy.Name}.keep], with daily = 7, weekly = 5, monthly = 12"));
                continue;
            }
            failed |= !desk.Try(copy.Name, () =>
            {
                BackupRepository repository = desk.Copies.Open(copy);
                var gone = new List<SnapshotInfo>();
                foreach (BackupSource source in desk.Sources(names))
                    foreach ((SnapshotInfo snapshot, IReadOnlyList<string> reasons) in Plan(source, repository, copy, all))
                    {
                        table.Add(copy.Name, source.Name, snapshot.Id.Short, snapshot.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), reasons.Count > 0 ? $"kept: {string.Join(", ", reasons)}" : dryRun ? "would go" : "goes");
                        if (reasons.Count == 0)
                            gone.Add(snapshot);
                    }
                if (!dryRun && gone.Count > 0)
                    Forgetting.Remove(repository, gone, desk.Events, desk.Session.CatchSignals());
            });
        }
        desk.WriteTable(table);
        return failed ? ExitStatus.Failed : desk.Session.Status;
    }

    private static IReadOnlyList<(SnapshotInfo Snapshot, IReadOnlyList<string> Reasons)> Plan(BackupSource source, BackupRepository repository, BackupCopy copy, bool all)
    {
        IReadOnlyList<SnapshotInfo> snapshots = SourceSnapshots.Of(source, repository.Snapshots());
        // Another machine may save a source of the same name into the same repository: its last ones are not ours to count.
        return all ? [.. snapshots.Select(snapshot => (snapshot, (IReadOnlyList<string>)[]))] : [.. snapshots.GroupBy(snapshot => snapshot.Host).SelectMany(host => ForgetPlan.Make([.. host], copy.Keep!))];
    }
}
