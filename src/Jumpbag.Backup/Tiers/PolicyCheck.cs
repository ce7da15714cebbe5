using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Backup.Tiers;

/// <summary>A rule of the policy that does not hold.</summary>
/// <param name="Rule">For programs: "copies", "rpo", "offsite-providers", …</param>
/// <param name="Copy">Null where it is about the source's copies together.</param>
/// <param name="Mend">What would mend it.</param>
public sealed record Violation(string Rule, string Source, string? Copy, string Message, string Mend)
{
    /// <summary>Whether nobody should count on the copy: it is out of reach, empty, too old, or must not be there.</summary>
    public bool MakesUseless => Rule is PolicyCheck.Reachable or PolicyCheck.Rpo or PolicyCheck.Forbidden;
}

/// <summary>
/// The strategy as arithmetic. What was not said (a provider, a medium, a place) counts as unmet: nobody may rely on what nobody wrote
/// down. The live tier never counts as a copy: it repeats the DROP TABLE.
/// </summary>
public static class PolicyCheck
{
    internal const string Reachable = "reachable", Rpo = "rpo", Forbidden = "forbidden";

    /// <summary>How long a test whether we can delete counts.</summary>
    private static readonly TimeSpan CanaryCounts = TimeSpan.FromDays(90);

    /// <summary>By how much a clock may be ahead.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <param name="states">Of each source in each copy that is no live one.</param>
    public static IReadOnlyList<Violation> Run(TiersConfig config, IReadOnlyList<CopyState> states, DateTimeOffset now)
    {
        var found = new List<Violation>();
        foreach (BackupSource source in config.Sources)
            Check(source, config, [.. states.Where(state => state.Source.Name == source.Name)], now, found);
        return found;
    }

    private static void Check(BackupSource source, TiersConfig config, List<CopyState> states, DateTimeOffset now, List<Violation> found)
    {
        BackupPolicy policy = config.Policy;
        // What the rules forbid is no copy, though it is one.
        List<CopyState> held = [.. states.Where(state => state.HasSnapshot && !source.IsForbiddenOn(state.Copy))];
        List<CopyState> offsite = [.. held.Where(state => state.Copy.Tier == Tier.Offsite)];

        foreach (CopyState state in states)
            CheckCopy(source, state, policy, now, found);

        if (held.Count < policy.Copies)
            Say("copies", held.Count == 0 ? $"has no copy at all{Live()}" : $"has {Plural(held.Count, "copy", "copies")} ({Names(held)}), not {policy.Copies}{Live()}",
                states.Count(state => source.GoesTo(state.Copy)) >= policy.Copies ? $"jumpbag backup run {source.Name}" : "add a table [copies.NAME] for another place, then jumpbag backup init and run");

        CheckOffsite(source, policy, offsite, Say);

        if (Rto(source, policy) is { } most && held.Count > 0)
        {
            List<CopyState> measured = [.. held.Where(state => state.Restore is { MeasuredAt: not null })];
            CopyState? best = measured.MinBy(state => state.Restore!.Time);
            if (best is null)
                Say("rto", $"how long bringing it back takes was never measured (allowed: {Durations.Format(most)})", $"jumpbag backup drill {source.Name}");
            else if (best.Restore!.Time > most)
                Say("rto", $"bringing it back takes {Durations.Format(best.Restore.Time)} from {best.Copy.Name}, the quickest copy; {Durations.Format(most)} are allowed", "a near copy on a faster medium or line, or fewer data in the source");
        }

        if (policy.Immutable && held.Count > 0 && !held.Any(state => state.Withstood is { } tested && now - tested <= CanaryCounts))
            Say("immutable", held.Any(state => state.Withstood is not null) ? $"whether a copy withstands deletion was last tested more than {CanaryCounts.TotalDays:0} days ago" : "there is no copy of which is known that whoever takes over this machine cannot delete it",
                "an append-only server (rest-server or rclone serve restic with --append-only), or a bucket with object lock; then jumpbag backup verify --canary");

        void Say(string rule, string message, string mend) => found.Add(new(rule, source.Name, null, message, mend));

        string Live() => config.Copies.Any(copy => copy.Tier == Tier.Live) ? "; the live one does not count, since it repeats every mistake" : "";
    }

    /// <summary>The rules that each copy is to keep.</summary>
    private static void CheckCopy(BackupSource source, CopyState state, BackupPolicy policy, DateTimeOffset now, List<Violation> found)
    {
        BackupCopy copy = state.Copy;
        if (source.IsForbiddenOn(copy))
        {
            if (state.HasSnapshot)
                Say(Forbidden, $"{copy.Name} holds it, and must not (forbid-on)", $"jumpbag backup forget {source.Name} --copy {copy.Name} --all, then prune");
            return;
        }
        if (!source.GoesTo(copy) && !state.HasSnapshot)
            return;
        if (state.Unreachable is { } reason)
        {
            Say(Reachable, $"{copy.Name} cannot be asked: {reason}", "look at the place, the line and the password; until then it does not count");
            return;
        }
        if (!state.HasSnapshot)
        {
            Say(Rpo, $"{copy.Name} holds nothing of it", $"jumpbag backup run {source.Name}");
            return;
        }
        TimeSpan allowed = source.Rpo ?? policy.Rpo, age = now - state.Taken!.Value;
        if (age < -Skew)
            Say(Rpo, $"the newest snapshot in {copy.Name} is {Durations.Format(-age)} from the future: its age says nothing", "a clock is wrong, here or where it was taken");
        else if (age > allowed)
            Say(Rpo, $"the newest snapshot in {copy.Name} is {Durations.Format(age)} old; {Durations.Format(allowed)} are allowed", $"jumpbag backup run {source.Name}");
        if (state.Verified is not { } verified)
            Say("verify", $"{copy.Name} was never verified", $"jumpbag backup verify {copy.Name} --data");
        else if (now - verified > policy.Verify)
            Say("verify", $"{copy.Name} was last verified {Durations.Format(now - verified)} ago; {Durations.Format(policy.Verify)} are allowed", $"jumpbag backup verify {copy.Name} --data");

        void Say(string rule, string message, string mend) => found.Add(new(rule, source.Name, copy.Name, message, mend));
    }

    private static void CheckOffsite(BackupSource source, BackupPolicy policy, List<CopyState> offsite, Action<string, string, string> say)
    {
        if (offsite.Count == 0)
        {
            if (policy.OffsiteProviders > 0 || policy.OffsiteMedia > 0)
                say("offsite", "nothing of it is offsite", "a copy with tier = \"offsite\", far away and with another company");
            return;
        }
        Spread(policy.OffsiteProviders, state => state.Copy.Provider, "offsite-providers", "company", "companies", "provider");
        Spread(policy.OffsiteMedia, state => state.Copy.Medium, "offsite-media", "medium", "media", "medium");

        if (source.Provider is not { } own)
            say("other-provider", "whose machine it runs on is not said, so that no copy can count as another company's", $"provider = \"…\" in [sources.{source.Name}]");
        else if (!offsite.Any(state => state.Copy.Provider is { } other && !Same(other, own)))
            say("other-provider", $"no offsite copy is with another company than {own}, which hosts the source", "an offsite copy with another company: one provider's outage or billing dispute must not reach all");

        if (policy.DistanceKm is not { } least)
            return;
        if (source.Coordinates is not { } here)
        {
            say("distance", "where it is is not said", $"coordinates = [LATITUDE, LONGITUDE] in [sources.{source.Name}]");
            return;
        }
        foreach (BackupCopy copy in offsite.Select(state => state.Copy))
        {
            if (copy.Coordinates is not { } there)
                say("distance", $"where {copy.Name} is is not said", $"coordinates = [LATITUDE, LONGITUDE] in [copies.{copy.Name}]");
            else if (here.DistanceTo(there) is var kilometres && kilometres < least)
                say("distance", string.Create(CultureInfo.InvariantCulture, $"{copy.Name} is {kilometres:0} km from the source; offsite means {least:0} km at least"), $"move {copy.Name} further away, or call its tier near");
        }

        void Spread(int least, Func<CopyState, string?> of, string rule, string one, string many, string key)
        {
            if (least == 0)
                return;
            List<string> known = [.. offsite.Select(of).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)];
            if (known.Count >= least)
                return;
            List<CopyState> unsaid = [.. offsite.Where(state => of(state) is null)];
            say(rule, $"its offsite copies are with {Plural(known.Count, one, many)}{(known.Count > 0 ? $" ({string.Join(", ", known)})" : " that is known")}, not {least}",
                unsaid.Count > 0 ? $"say {key} = \"…\" in {string.Join(", ", unsaid.Select(state => $"[copies.{state.Copy.Name}]"))}; if that is no other one, add an offsite copy" : $"an offsite copy with another {one}");
        }
    }

    public static TimeSpan? Rto(BackupSource source, BackupPolicy policy) => source.Rto ?? policy.Rto;

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static string Plural(int count, string one, string many) => count == 1 ? $"1 {one}" : $"{count} {many}";

    private static string Names(List<CopyState> states) => string.Join(", ", states.Select(state => state.Copy.Name));
}
