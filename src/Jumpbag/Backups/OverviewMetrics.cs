using System.Globalization;
using Jumpbag.Backup.Tiers;

namespace Jumpbag.Backups;

/// <summary>The overview in Prometheus' text format: for node_exporter's textfile collector. What is not known has no line.</summary>
/// <remarks>https://prometheus.io/docs/instrumenting/exposition_formats/; names of sources and copies need no escapes</remarks>
internal static class OverviewMetrics
{
    public static IEnumerable<string> Lines(Overview overview)
    {
        foreach (string line in Matrix("reachable", "whether the copy could be asked", state => state.Unreachable is null ? 1 : 0))
            yield return line;
        foreach (string line in Matrix("snapshots", "snapshots of the source in the copy", state => state.Unreachable is null ? state.Snapshots : null))
            yield return line;
        foreach (string line in Matrix("age_seconds", "age of the newest snapshot", state => (overview.Time - state.Taken)?.TotalSeconds))
            yield return line;
        foreach (string line in Matrix("stored_bytes", "bytes that must cross to restore the newest snapshot", state => state.Bytes))
            yield return line;
        foreach (string line in Matrix("verified_age_seconds", "time since the copy's data was verified", state => (overview.Time - state.Verified)?.TotalSeconds))
            yield return line;
        foreach (string line in Matrix("restore_seconds", "estimated time to restore the newest snapshot, where it was measured", state => state.Restore is { MeasuredAt: not null } estimate ? estimate.Time.TotalSeconds : null))
            yield return line;
        foreach (string line in Samples("live_healthy", "whether a live copy is well", overview.Live.Select(live => (Labels(("copy", live.Copy.Name)), (double?)(live.IsHealthy ? 1 : 0)))))
            yield return line;
        foreach (string line in Samples("live_lag_seconds", "how far a live copy is behind", overview.Live.Select(live => (Labels(("copy", live.Copy.Name)), live.Lag))))
            yield return line;
        var counted = overview.States.Select(state => state.Source.Name).Distinct().Select(source => (Labels(("source", source)), (double?)overview.Violations.Count(violation => violation.Source == source)));
        foreach (string line in Samples("policy_violations", "rules of the policy that do not hold", counted))
            yield return line;

        IEnumerable<string> Matrix(string name, string help, Func<CopyState, double?> value) =>
            Samples(name, help, overview.States.Select(state => (Labels(("source", state.Source.Name), ("copy", state.Copy.Name), ("tier", state.Copy.Tier.ToString().ToLowerInvariant())), value(state))));
    }

    private static IEnumerable<string> Samples(string name, string help, IEnumerable<(string Labels, double? Value)> samples)
    {
        bool isFirst = true;
        foreach ((string labels, double? value) in samples)
        {
            if (value is not { } known)
                continue;
            if (isFirst)
            {
                yield return $"# HELP jumpbag_backup_{name} {help}";
                yield return $"# TYPE jumpbag_backup_{name} gauge";
                isFirst = false;
            }
            yield return string.Create(CultureInfo.InvariantCulture, $"jumpbag_backup_{name}{labels} {known:0.###}");
        }
    }

    private static string Labels(params (string Name, string Value)[] labels) => $"{{{string.Join(',', labels.Select(label => $"{label.Name}=\"{label.Value}\""))}}}";
}
