using System.CommandLine;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Incident.Texts;
using Jumpbag.Incidents;
using Jumpbag.Terminal;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup status [SOURCE …]</summary>
internal static class StatusVerb
{
    private static readonly Argument<string[]> Names = new("source") { Arity = ArgumentArity.ZeroOrMore, Description = "only these sources" };
    private static readonly Option<bool> Prometheus = new("--prometheus") { Description = "print metrics in Prometheus' text format" };
    private static readonly Option<bool> Fast = new("--fast") { Description = "don't measure sizes that are not known yet" };

    private static readonly Option<bool> Record = new("--record") { Description = "write it into the open incident's journal, from which the board draws it" };

    public static Command Make() => TierOptions.Make("status", Run, Names, Prometheus, Fast, Record);

    private static int Run(BackupDesk desk)
    {
        Recorder? recorder = desk.Parsed.GetValue(Record) ? OverviewJournal.Open(desk.Events) : null;
        Overview overview = Overview.Of(desk, desk.Sources(desk.Parsed.GetValue(Names) ?? []), !desk.Parsed.GetValue(Fast));
        if (desk.Json)
            desk.Out.WriteJson(json => OverviewJson.Write(json, overview));
        else if (desk.Parsed.GetValue(Prometheus))
            foreach (string line in OverviewMetrics.Lines(overview))
                desk.Out.WriteLine(line);
        else
            Show(desk, overview);
        if (recorder is not null)
            OverviewJournal.Write(recorder, overview);
        return desk.Session.Status;
    }

    private static void Show(BackupDesk desk, Overview overview)
    {
        var table = new Table(("Source", false), ("Copy", false), ("Tier", false), ("Age", true), ("Size", true), ("Verified", true), ("To restore", true), ("", false));
        foreach (CopyState state in overview.States)
        {
            bool isForbidden = state.Source.IsForbiddenOn(state.Copy);
            if (!state.Concerns)
                continue;
            table.Add(state.Source.Name, state.Copy.Name, state.Copy.Tier.ToString().ToLowerInvariant(),
                state.Unreachable is not null ? "?" : state.Taken is { } taken ? Durations.Format(overview.Time - taken) : "none",
                state.Bytes is { } bytes ? ByteSize.Format(bytes) : "",
                !state.HasSnapshot ? "" : state.Verified is { } verified ? $"{Durations.Format(overview.Time - verified)} ago" : "never",
                state.Restore is { } estimate ? Durations.Format(estimate.Time) + (estimate.MeasuredAt is null ? " ?" : "") : "",
                state.Unreachable ?? (isForbidden && state.HasSnapshot ? "must not be there (forbid-on)" : state.Restore is { MeasuredAt: { } at } && overview.Time - at > TimeSpan.FromDays(30) ? $"measured {Durations.Format(overview.Time - at)} ago" : ""));
        }
        desk.WriteTable(table);
        if (overview.States.Any(state => state.Restore is { MeasuredAt: null }))
            desk.Out.WriteLine("?: a guess, since nothing was ever read from there; 'jumpbag backup drill' measures it");
        foreach (LiveState live in overview.Live)
            desk.Out.WriteLine($"{live.Copy.Name} (live): {(live.IsHealthy ? "" : "NOT WELL: ")}{Printable.Line(live.Message)}");
        desk.Out.WriteLine(overview.Violations.Count == 0 ? "The policy holds." : $"{overview.Violations.Count} {(overview.Violations.Count == 1 ? "rule" : "rules")} of the policy {(overview.Violations.Count == 1 ? "does" : "do")} not hold: jumpbag backup policy");
    }
}
