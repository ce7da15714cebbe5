using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Jumpbag.Backup.Maintenance;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Terminal;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup drill [SOURCE …]: restores a sample from every copy, compares it, and measures.</summary>
internal static class DrillVerb
{
    private static readonly Argument<string[]> Names = new("source") { Arity = ArgumentArity.ZeroOrMore, Description = "only these sources" };
    private static readonly Option<string[]> Copy = new("--copy") { HelpName = "COPY", Description = "only from this copy (repeatable)" };
    private static readonly Option<string> Sample = new("--sample") { HelpName = "SIZE", Description = "how much is restored from each, such as 500M; or all (default: 64M)" };
    private static readonly Option<string> Into = new("--to") { HelpName = "DIR", Description = "where it is restored, for the time of the drill (default: the folder for temporary files)" };

    public static Command Make() => TierOptions.Make("drill", Run, Names, Copy, Sample, Into);

    private static int Run(BackupDesk desk)
    {
        long most = desk.Parsed.GetValue(Sample) is not { } text ? 64 << 20 : text == "all" ? long.MaxValue : ByteSize.Parse(text) ?? throw new UsageException($"--sample {text}: not a size", "a number and K, M, G or T, such as 500M; or all");
        bool failed = false, isGood = true;
        var table = new Table(("Source", false), ("Copy", false), ("Restored", true), ("Rate", true), ("Until it began", true), ("All of it", true), ("", false));
        foreach (BackupSource source in desk.Sources(desk.Parsed.GetValue(Names) ?? []))
            foreach (BackupCopy copy in desk.Repositories(desk.Parsed.GetValue(Copy) ?? []).Where(source.GoesTo))
                failed |= !desk.Try($"{source.Name} from {copy.Name}", () => isGood &= Drill(desk, source, copy, most, table));
        desk.WriteTable(table);
        return failed || !isGood ? ExitStatus.Failed : desk.Session.Status;
    }

    private static bool Drill(BackupDesk desk, BackupSource source, BackupCopy copy, long most, Table table)
    {
        long begin = Stopwatch.GetTimestamp();
        // Opened anew, since what is open already has its fixed costs behind it.
        using var fresh = new Copies(desk.Config, desk.Events);
        BackupRepository repository = fresh.Open(copy);
        if (SourceSnapshots.Of(source, repository.Snapshots()) is not [.., var snapshot])
        {
            table.Add(source.Name, copy.Name, "", "", "", "", "holds nothing of it");
            return false;
        }
        var drill = new RestoreDrill(repository, snapshot, desk.Parsed.GetValue(Into) ?? Path.GetTempPath(), desk.Events, desk.Session.CatchSignals());
        DrillResult result = drill.Run(most, begin);
        Measurements measured = Measurements.Load(BackupDesk.StateFolder, copy.Name).With(result.BytesCrossed, result.Elapsed, result.Opening, DateTimeOffset.UtcNow, isSample: true);
        measured.Save(BackupDesk.StateFolder, copy.Name);
        var cache = new SizeCache(BackupDesk.StateFolder);
        Jumpbag.Backup.Snapshots.SnapshotSize size = cache.Find(snapshot.Tree) ?? Jumpbag.Backup.Snapshots.SnapshotSize.Of(repository, snapshot.Tree, desk.Session.CatchSignals());
        cache.Add(snapshot.Tree, size);
        cache.Save();
        foreach (string problem in result.Problems)
            desk.Events(new FileFailed($"{copy.Name} {snapshot.Id.Short}:{problem}", "does not come back as it was"));
        table.Add(source.Name, copy.Name, ByteSize.Format(result.Bytes), $"{ByteSize.Format((long)(measured.Rate ?? 0))}/s", Durations.Format(result.Opening), Durations.Format(measured.Estimate(size.Stored, copy.ReadLimit).Time),
            result.Problems.Count == 0 ? string.Create(CultureInfo.InvariantCulture, $"{result.Files} files, each equal to its hash") : $"{result.Problems.Count} damaged");
        return result.Problems.Count == 0;
    }
}
