using System.Text;
using Jumpbag.Core;
using Jumpbag.Facts;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Facts;

public sealed class ReportTests
{
    [Fact]
    public void a_report_is_read_back_from_lines_a_document_and_a_bundle()
    {
        FactReport report = Of(Full("/", 99), new Fact("machine", FactLevel.Info, "boot", "db3", "up 3 days", "/proc/uptime") { Moves = true });
        report.Evidence.Add(new("raid", "/proc/mdstat", "Personalities :", false));
        using var folder = new TemporaryFolder();
        byte[] lines = [.. report.Begin().ToBytes(), .. report.Facts.SelectMany(fact => FactLine.Of(fact).ToBytes()), .. report.Results.SelectMany(result => FactLine.Of(result).ToBytes()), .. report.End().ToBytes()];
        foreach ((string name, byte[] content) in new[] { ("lines", lines), ("document", report.ToDocument(true)), ("bundle.tar.gz", FactBundle.Pack(report, "screen")) })
        {
            File.WriteAllBytes(folder.File(name), content);
            FactReport read = FactReport.Read(folder.File(name));
            Assert.Equal(report.Sorted(), read.Sorted());
            Assert.Equal(report.Results, read.Results);
            Assert.Equal(("db3", "2026-11-27T12:00:00.000Z"), (read.Host, read.Time));
        }
        Shell.Run("tar", "-xzf", folder.File("bundle.tar.gz"), "-C", folder.Path);
        Assert.Equal("Personalities :", File.ReadAllText(Directory.GetFiles(folder.Path, "proc-mdstat.txt", SearchOption.AllDirectories).Single()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nothing")]
    [InlineData("[1,2,3]")]
    [InlineData("{\"facts\":5}")]
    [InlineData("\u001f\u008b garbage")]
    public void what_holds_no_facts_is_refused(string content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("x"), Encoding.Latin1.GetBytes(content));
        Assert.Throws<FailedException>(() => FactReport.Read(folder.File("x")));
        Assert.Throws<NotFoundException>(() => FactReport.Read(folder.File("y")));
    }

    [Fact]
    public void of_two_facts_with_one_key_the_worse_stays()
    {
        FactReport report = Of(Full("/", 50), Full("/", 99), Full("/", 60));
        Assert.Equal("99% full", Assert.Single(report.Facts).Value);
    }

    [Fact]
    public void the_worst_comes_first_and_among_equals_the_order_is_that_of_the_probes()
    {
        FactReport report = Of(new("logs", FactLevel.Critical, "a", "a", "", ""), new("machine", FactLevel.Warning, "b", "b", "", ""), new("mount", FactLevel.Critical, "timeout", "c", "", ""), new("kernel", FactLevel.Critical, "d", "d", "", ""));
        Assert.Equal(["d", "c", "a", "b"], report.Sorted().Select(fact => fact.Subject));
    }

    [Fact]
    public void a_difference_is_what_is_new_gone_worse_or_says_something_else()
    {
        FactReport before = Of(Full("/", 50), Full("/srv", 99), Full("/gone", 50), Moving("1")), after = Of(Full("/", 99), Full("/srv", 50), Full("/new", 50), Moving("2"));
        Assert.Equal([("worse", "/"), ("better", "/srv"), ("gone", "/gone"), ("new", "/new")], FactDifference.Between(before, after).Select(difference => (difference.Word, difference.Known.Subject)));
        Assert.Empty(FactDifference.Between(before, before));
    }

    [Fact]
    public void that_nobody_looked_does_not_make_a_fact_go_away()
    {
        FactReport before = Of(Full("/", 99)), after = new();
        after.Results.Add(new("filesystems", ProbeOutcome.Timeout, "no answer", 5));
        Assert.Empty(FactDifference.Between(before, after));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"type\":5}")]
    [InlineData("{\"type\":\"fact\"")]
    [InlineData("null")]
    [InlineData("\"x\"")]
    public void anything_else_is_no_line(string line) => Assert.Null(FactLine.Parse(line));

    private static Fact Full(string mount, int percent) => new("filesystems", percent > 90 ? FactLevel.Critical : FactLevel.Info, "space", mount, $"{percent}% full", $"statvfs {mount}", percent > 90 ? "du" : null);

    private static Fact Moving(string value) => new("machine", FactLevel.Info, "boot", "db3", value, "") { Moves = true };

    private static FactReport Of(params Fact[] facts)
    {
        var report = new FactReport { Host = "db3", Time = "2026-11-27T12:00:00.000Z", Seconds = 1 };
        foreach (Fact fact in facts)
            report.Add(FactLine.Of(fact));
        foreach (string probe in facts.Select(fact => fact.Probe).Distinct())
            report.Results.Add(new(probe, ProbeOutcome.Ok, null, 0.5));
        return report;
    }
}
