using CsCheck;
using Jumpbag.Backup.Tiers;
using Jumpbag.Core;
using Jumpbag.Host.Configuration;

namespace Jumpbag.Tests.Unit.Backup;

public sealed class PolicyCheckTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 4, 0, 0, TimeSpan.Zero);

    private const string Source = """
        [sources.web]
        path = ["/srv"]
        provider = "ourselves"
        coordinates = [32.78, -96.80]
        forbid-on = ["cheap*"]
        """;

    [Fact]
    public void a_strategy_that_holds_has_no_violation() => Assert.Empty(Check(TiersConfig()));

    [Theory]
    [InlineData("near", "copies", "has 2 copies (far, cloud), not 3")]
    [InlineData("far", "offsite-providers", "with 1 company (cloud company), not 2")]
    [InlineData("cloud", "offsite-media", "with 1 medium (disk), not 2")]
    public void a_copy_that_holds_nothing_is_missed(string without, string rule, string message)
    {
        IReadOnlyList<Violation> found = Check(TiersConfig(), state => state.Copy.Name == without ? state with { Taken = null, Snapshots = 0 } : state);
        Assert.Contains(found, violation => violation.Rule == rule && violation.Message.Contains(message, StringComparison.Ordinal));
        Assert.Contains(found, violation => violation.Rule == "rpo" && violation.Copy == without);
    }

    [Fact]
    public void each_rule_says_what_is_wrong_and_what_would_mend_it()
    {
        Says("rpo", "is 25 h old; 24 h are allowed", state => state with { Taken = Now - TimeSpan.FromHours(25) });
        Says("rpo", "from the future", state => state with { Taken = Now + TimeSpan.FromHours(1) });
        Says("verify", "was never verified", state => state with { Verified = null });
        Says("verify", "was last verified 31 days ago", state => state with { Verified = Now - TimeSpan.FromDays(31) });
        Says("rto", "takes 5 h", state => state with { Restore = new(TimeSpan.FromHours(5), Now) });
        Says("rto", "was never measured", state => state with { Restore = new(TimeSpan.FromSeconds(5), null) });
        Says("immutable", "cannot delete it", state => state with { Withstood = null });
        Says("immutable", "more than 90 days ago", state => state with { Withstood = Now - TimeSpan.FromDays(91) });
        Says("reachable", "cannot be asked: no route", state => state with { Unreachable = "no route", Taken = null });
        Says("forbidden", "cheap holds it, and must not", state => state, "[copies.cheap]\nurl = \"/c\"\npassword-file = \"k\"");
        Says("distance", "far is 0 km from the source; offsite means 300 km at least", state => state, config: TiersConfig(far: "[32.78, -96.80]"));
        Says("distance", "where far is is not said", state => state, config: TiersConfig(far: null));
        Says("other-provider", "no offsite copy is with another company than ourselves", state => state, config: TiersConfig(provider: "ourselves", cloudProvider: "Ourselves"));
    }

    [Fact]
    public void the_live_tier_is_no_copy_and_what_is_forbidden_is_none()
    {
        TiersConfig config = TiersConfig(more: "[copies.standby]\nprobe = \"tcp://db2:3306\"\n[copies.cheap]\nurl = \"/c\"\npassword-file = \"k\"");
        IReadOnlyList<Violation> found = Check(config, state => state.Copy.Name is "near" ? state with { Taken = null } : state);
        Assert.Contains(found, violation => violation.Rule == "copies" && violation.Message.Contains("2 copies (far, cloud), not 3; the live one does not count", StringComparison.Ordinal));
    }

    /// <summary>More of what is good never breaks a rule that held.</summary>
    [Fact]
    public void of_any_set_of_copies_a_further_good_one_breaks_nothing() => Gen.Select(Gen.Int[0, 63], Gen.Int[0, 2], Gen.Bool).Sample((bits, tier, isOld) =>
    {
        string more = $"[copies.more]\nurl = \"/m\"\npassword-file = \"k\"\ntier = \"{(tier == 0 ? "near" : "offsite")}\"\nprovider = \"p{tier}\"\nmedium = \"m{tier}\"\ncoordinates = [60, 20]";
        CopyState Change(CopyState state) => state.Copy.Name switch
        {
            "near" => state with { Taken = (bits & 1) != 0 ? null : state.Taken, Verified = (bits & 2) != 0 ? null : state.Verified },
            "far" => state with { Taken = (bits & 4) != 0 ? null : state.Taken, Restore = (bits & 8) != 0 ? null : state.Restore },
            "cloud" => state with { Taken = (bits & 16) != 0 ? null : isOld ? Now - TimeSpan.FromDays(9) : state.Taken, Withstood = (bits & 32) != 0 ? null : state.Withstood },
            _ => state,
        };
        HashSet<(string, string?)> before = [.. Check(TiersConfig(), Change).Select(violation => (violation.Rule, violation.Copy))], after = [.. Check(TiersConfig(more: more), Change).Select(violation => (violation.Rule, violation.Copy))];
        // That a rule cannot be told any more, since no copy is offsite, is the same rule with another name.
        after.ExceptWith(before);
        return after.All(violation => before.Contains(("offsite", null)) || before.Contains(("copies", null)) && violation.Item1 is "rto" or "immutable");
    });

    [Theory]
    [InlineData("[copies.x]\nurl = \"/a\"", "copies.x: it needs a password")]
    [InlineData("[copies.x]\nurl = \"/a\"\npassword-file = \"k\"\npassword-env = \"V\"", "x.toml:4: copies.x: password-env: another source of the password stands there too")]
    [InlineData("[copies.x]\nurl = \"/a\"\npasword-file = \"k\"", "copies.x: pasword-file: there is no such key")]
    [InlineData("[copies.x]\nurl = \"/a\"\npassword-file = \"k\"\nmediun = \"disk\"", "x.toml:4: copies.x: mediun: there is no such key")]
    [InlineData("[copies.x]\ntier = \"live\"\nurl = \"/a\"", "x.toml:3: copies.x: url: a live copy is watched, not written")]
    [InlineData("[copies.x]\ntier = \"distant\"\nurl = \"/a\"\npassword-file = \"k\"", "'distant' is none")]
    [InlineData("[sources.x]\nprovider = \"p\"", "sources.x: nothing says what is to be saved")]
    [InlineData("[sources.x]\npath = \"/a\"\nimage = \"b\"", "path stands there too")]
    [InlineData("[sources.x]\npath = \"a\"", "a is not absolute")]
    [InlineData("[sources.x]\nlvm = \"vg\"", "vg is not VG/LV")]
    [InlineData("[sources.x]\npath = \"/a\"\ncopies = [\"y\"]", "there is no copy 'y'")]
    [InlineData("[sources.\"a:b\"]\npath = \"/a\"", "a name has letters, digits")]
    [InlineData("[policy]\nrpo = \"soon\"", "x.toml:2: policy: rpo: 'soon' is no span of time")]
    [InlineData("[keep]\ntags = []", "would keep nothing")]
    [InlineData("[a]\nx = 1\nx = 2", "x.toml:3:")]
    [InlineData("[a", "x.toml:1: ")]
    public void a_mistake_in_the_configuration_is_named_with_its_line(string text, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => Jumpbag.Backup.Tiers.TiersConfig.Read(ConfigurationFile.Parse(text, "x.toml"))).Message, StringComparison.Ordinal);

    [Fact]
    public void distances_are_those_of_the_earth()
    {
        // New York to London by the great circle.
        Assert.InRange(new Coordinates(40.7128, -74.0060).DistanceTo(new(51.5074, -0.1278)), 5560, 5580);
        Assert.Equal(0, new Coordinates(1, 2).DistanceTo(new(1, 2)));
        Assert.InRange(new Coordinates(0, 179.5).DistanceTo(new(0, -179.5)), 111, 112);
    }

    [Fact]
    public void estimates_are_bytes_by_rate_and_fixed_costs()
    {
        Measurements measured = new Measurements().With(100 << 20, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2), Now);
        Assert.Equal(TimeSpan.FromSeconds(102), measured.Estimate(1000L << 20, null).Time);
        Assert.Equal(Now, measured.Estimate(1, null).MeasuredAt);
        // A limit of the line counts too.
        Assert.Equal(TimeSpan.FromSeconds(1002), measured.Estimate(1000L << 20, 1 << 20).Time);
        Assert.Null(new Measurements().Estimate(1, null).MeasuredAt);
        // Small reads say nothing of the rate.
        Assert.Equal(measured.Rate, measured.With(1000, TimeSpan.FromSeconds(9), null, Now).Rate);
    }

    private static void Says(string rule, string message, Func<CopyState, CopyState> change, string more = "", TiersConfig? config = null)
    {
        IReadOnlyList<Violation> found = Check(config ?? TiersConfig(more: more), change);
        Assert.True(found.Any(violation => violation.Rule == rule && violation.Message.Contains(message, StringComparison.Ordinal)), $"{rule}: {message}: {string.Join("; ", found)}");
        Assert.All(found, violation => Assert.NotEmpty(violation.Mend));
    }

    private static IReadOnlyList<Violation> Check(TiersConfig config, Func<CopyState, CopyState>? change = null) =>
        PolicyCheck.Run(config, [.. config.Sources.SelectMany(source => config.Repositories.Select(copy => (change ?? (state => state))(new CopyState(source, copy)
        {
            Snapshots = 3,
            Snapshot = "1234",
            Taken = Now - TimeSpan.FromHours(2),
            Bytes = 1 << 30,
            Verified = Now - TimeSpan.FromDays(3),
            Restore = new(TimeSpan.FromMinutes(20), Now),
            Withstood = Now - TimeSpan.FromDays(4),
        })))], Now);

    private static TiersConfig TiersConfig(string more = "", string? far = "[40.7, -74.0]", string provider = "far company", string cloudProvider = "cloud company") =>
        Jumpbag.Backup.Tiers.TiersConfig.Read(ConfigurationFile.Parse($"""
            {Source}
            [copies.near]
            url = "/a"
            password-file = "k"
            [copies.far]
            tier = "offsite"
            url = "sftp://u@far.example/b"
            password-file = "k"
            provider = "{provider}"
            medium = "disk"
            {(far is null ? "" : $"coordinates = {far}")}
            [copies.cloud]
            tier = "offsite"
            url = "s3://s3.example/b/c"
            password-file = "k"
            provider = "{cloudProvider}"
            medium = "tape"
            coordinates = [50, 8]
            {more}
            [policy]
            rpo = "24h"
            rto = "4h"
            distance-km = 300
            """, "x.toml"));
}
