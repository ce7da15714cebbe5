using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Jumpbag.Backup.Archiving;
using Jumpbag.Backup.Maintenance;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup run [SOURCE …]: each source is read once, into its first copy; the others are filled from that one.</summary>
internal static class RunVerb
{
    private static readonly Argument<string[]> Names = new("source") { Arity = ArgumentArity.ZeroOrMore, Description = "only these sources" };

    public static Command Make() => TierOptions.Make("run", Run, Names, CommonOptions.DryRun);

    private static int Run(BackupDesk desk)
    {
        int worst = ExitStatus.Done;
        var done = new List<(BackupSource Source, BackupCopy Copy, SnapshotInfo? Snapshot, string Outcome)>();
        foreach (BackupSource source in desk.Sources(desk.Parsed.GetValue(Names) ?? []))
        {
            try
            {
                worst = Math.Max(worst, RunSource(desk, source, done));
            }
            catch (OperationCanceledException)
            {
                desk.Events(new Warning($"{source.Name}: interrupted: no snapshot was made; what was saved so far need not be saved again", "run the same to go on"));
                return ExitStatus.Interrupted;
            }
            catch (JumpbagException e)
            {
                desk.Events(new SourceFailed(source.Name, e.Message, e.Hint));
                worst = ExitStatus.Failed;
            }
        }
        if (desk.Json)
            desk.Out.WriteJson(json => WriteJson(json, done));
        return worst == ExitStatus.Done ? desk.Session.Status : worst;
    }

    private static int RunSource(BackupDesk desk, BackupSource source, List<(BackupSource, BackupCopy, SnapshotInfo?, string)> done)
    {
        // Near ones first: they are quick, and the others are filled from them.
        List<BackupCopy> targets = [.. desk.Config.Repositories.Where(source.GoesTo).OrderBy(copy => copy.Tier)];
        if (targets.Count == 0)
            throw new UnsupportedException($"{source.Name}: no copy may hold it", "a table [copies.NAME] with url and password-file; forbid-on and copies in the source say which may not");
        if (desk.Parsed.GetValue(CommonOptions.DryRun))
        {
            desk.Out.WriteLine($"{source.Name}: {string.Join(' ', source.Content)} -> {targets[0].Name}{(targets.Count > 1 ? $"; from there -> {string.Join(", ", targets.Skip(1).Select(copy => copy.Name))}" : "")}");
            return ExitStatus.Done;
        }
        int worst = ExitStatus.Done;
        (BackupCopy Copy, BackupRepository Repository)? first = null;
        BackupResult? saved = null;
        foreach (BackupCopy copy in targets)
        {
            try
            {
                BackupRepository repository = desk.Copies.Open(copy);
                if (first is not var (firstCopy, from))
                {
                    saved = SourceSaver.Save(source, repository, desk.Session);
                    first = (copy, repository);
                    desk.Events(new BytesMoved(saved.NewBytes));
                    desk.Events(new Status($"{source.Name} -> {copy.Name}", BackupText.Summary(saved)));
                    done.Add((source, copy, saved.Snapshot, "saved"));
                    worst = saved.NotSaved > 0 ? ExitStatus.Partial : worst;
                    continue;
                }
                CopiedSnapshot copied = SnapshotCopy.Run(from, from, saved!.Snapshot, repository, desk.Events, desk.Session.CatchSignals());
                desk.Events(new Status($"{source.Name} -> {copy.Name}", string.Create(CultureInfo.InvariantCulture,
                    $"snapshot {copied.Snapshot.Id.Short}, from {firstCopy.Name}: new {ByteSize.Format(copied.NewBytes)}, stored in {ByteSize.Format(copied.StoredBytes)}; {copied.Elapsed.TotalSeconds:0.0} s")));
                done.Add((source, copy, copied.Snapshot, "copied"));
            }
            catch (JumpbagException e) when (targets.Count > 1)
            {
                // The others are written all the same; what this one lacks, the next run or 'backup copy' brings it.
                desk.Events(new SourceFailed($"{source.Name} -> {copy.Name}", e.Message, e.Hint));
                done.Add((source, copy, null, e.Message));
                worst = ExitStatus.Failed;
            }
        }
        return worst;
    }

    private static void WriteJson(Utf8JsonWriter json, List<(BackupSource Source, BackupCopy Copy, SnapshotInfo? Snapshot, string Outcome)> done)
    {
        json.WriteStartArray();
        foreach ((BackupSource source, BackupCopy copy, SnapshotInfo? snapshot, string outcome) in done)
        {
            json.WriteStartObject();
            json.WriteString("source", source.Name);
            json.WriteString("copy", copy.Name);
            if (snapshot is not null)
            {
                json.WriteString("snapshot", snapshot.Id.ToString());
                json.WriteString("tree", snapshot.Tree.ToString());
            }
            json.WriteString("outcome", outcome);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
