namespace Jumpbag.Facts;

/// <summary>What is different between two reports.</summary>
/// <param name="Before">Null of what is new.</param>
/// <param name="After">Null of what is gone.</param>
public sealed record FactDifference(Fact? Before, Fact? After)
{
    public Fact Known => After ?? Before!;

    /// <summary>"new", "gone", "worse", "better", "changed".</summary>
    public string Word => Before is null ? "new" : After is null ? "gone" : After.Level > Before.Level ? "worse" : After.Level < Before.Level ? "better" : "changed";

    /// <summary>
    /// The worst first. Facts of probes that only one of the two has asked to the end are left out: that nobody looked does not make a fact go away.
    /// </summary>
    public static IReadOnlyList<FactDifference> Between(FactReport before, FactReport after)
    {
        HashSet<string> whole = [.. Whole(before).Intersect(Whole(after))];
        Dictionary<(string, string, string), Fact> old = before.Facts.ToDictionary(fact => fact.Key), now = after.Facts.ToDictionary(fact => fact.Key);
        var found = new List<FactDifference>();
        foreach (Fact fact in after.Facts)
            if (!old.TryGetValue(fact.Key, out Fact? earlier))
            {
                if (whole.Contains(fact.Probe) || fact.IsAbnormal)
                    found.Add(new(null, fact));
            }
            else if (earlier.Level != fact.Level || (earlier.Value != fact.Value && !fact.Moves && !earlier.Moves))
            {
                found.Add(new(earlier, fact));
            }
        found.AddRange(before.Facts.Where(fact => !now.ContainsKey(fact.Key) && whole.Contains(fact.Probe)).Select(fact => new FactDifference(fact, null)));
        return [.. found.OrderByDescending(difference => Math.Max((int)(difference.Before?.Level ?? 0), (int)(difference.After?.Level ?? 0)))
            .ThenBy(difference => difference.Known.Probe, StringComparer.Ordinal).ThenBy(difference => difference.Known.Subject, StringComparer.Ordinal)];
    }

    /// <summary>A mount that answers now may be told of by the probe of all others.</summary>
    private static IEnumerable<string> Whole(FactReport report) =>
        report.Results.Where(result => result.Outcome is ProbeOutcome.Ok or ProbeOutcome.Missing or ProbeOutcome.Denied).Select(result => result.Probe.Split(' ')[0]).Append(Probe.Mount.Name);
}
