using System.Net;
using System.Text.RegularExpressions;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Review;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Tests.Unit.Incident;

public sealed class TextTests
{
    private const string Secret = "hunter2";

    [Theory]
    [InlineData("mysql://root:hunter2@db3/shop")]
    [InlineData("load|a.sql|postgresql://u:hunter2@[::1]:5432/x?sslmode=require")]
    [InlineData("https://x.example/?token=hunter2&x=1")]
    [InlineData("prog|--password=hunter2")]
    [InlineData("prog|--password|hunter2")]
    [InlineData("prog|--db-password|hunter2")]
    [InlineData("mysql|-uroot|-phunter2|shop")]
    [InlineData("/usr/bin/mariadb-dump|-phunter2")]
    [InlineData("sshpass|-p|hunter2|ssh|db3")]
    [InlineData("curl|-u|anna:hunter2|http://x/")]
    [InlineData("curl|-H|Authorization: Bearer hunter2")]
    [InlineData("env|PGPASSWORD=hunter2|psql")]
    [InlineData("sh|-c|PGPASSWORD=hunter2 psql -h db3")]
    [InlineData("sh|-c|mysql -uroot -phunter2 shop < x.sql")]
    [InlineData("sh|-c|tool --token hunter2 go")]
    [InlineData("sh|-c|AWS_SECRET_ACCESS_KEY=hunter2 aws s3 ls")]
    [InlineData("mysql|-e|ALTER USER x IDENTIFIED BY 'hunter2'")]
    [InlineData("psql|-c|ALTER ROLE x PASSWORD 'hunter2'")]
    [InlineData("curl|-d|{\"password\": \"hunter2\"}")]
    [InlineData("sudo|mysql|-phunter2")]
    [InlineData("timeout|5|mysql|-uroot|-phunter2")]
    [InlineData("env|A=1|nice|mysql|-u|r|-phunter2")]
    [InlineData("ssh|db1|mysql|-phunter2")]
    [InlineData("docker|exec|db|mysql|-phunter2")]
    [InlineData("sudo|/usr/bin/mariadb|-phunter2")]
    [InlineData("redis-cli|-a|hunter2")]
    [InlineData("sh|-c|redis-cli -a hunter2 ping")]
    [InlineData("ldapsearch|-w|hunter2")]
    [InlineData("curl|-uanna:hunter2|http://x/")]
    [InlineData("smbclient|-U|u%hunter2|x")]
    [InlineData("lftp|-u|u,hunter2|x")]
    [InlineData("mongo|-p|hunter2")]
    [InlineData("ipmitool|-P|hunter2")]
    [InlineData("zip|-P|hunter2|a.zip")]
    [InlineData("7z|x|-phunter2|a.7z")]
    [InlineData("mysql|-e|SET PASSWORD FOR x = PASSWORD('hunter2')")]
    [InlineData("mysql|-e|SET PASSWORD = 'hunter2'")]
    public void a_secret_is_masked(string words)
    {
        string line = Redaction.CommandLine(words.Split('|'));
        Assert.DoesNotContain(Secret, line, StringComparison.Ordinal);
        Assert.Contains("***", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mdadm|--detail|/dev/md0", "mdadm --detail /dev/md0")]
    [InlineData("ssh|-p|2222|db3", "ssh -p 2222 db3")]
    [InlineData("sudo|sshpass|-f|/root/p|ssh|-p|2222|db3", "sudo sshpass -f /root/p ssh -p 2222 db3")]
    [InlineData("docker|run|-p|80:80|web", "docker run -p 80:80 web")]
    [InlineData("curl|-u|anna|http://x:80/", "curl -u *** http://x:80/")]
    [InlineData("cp|-p|a b|c", "cp -p 'a b' c")]
    [InlineData("jumpbag|cat|d.img@2:/etc/fstab", "jumpbag cat d.img@2:/etc/fstab")]
    [InlineData("mysql://root@db3/shop", "mysql://root@db3/shop")]
    [InlineData("jumpbag|load|--password-file|/root/p|x.sql", "jumpbag load --password-file /root/p x.sql")]
    [InlineData("echo|it's", @"echo 'it'\''s'")]
    public void what_is_no_secret_stays(string words, string line) => Assert.Equal(line, Redaction.CommandLine(words.Split('|')));

    [Fact]
    public void redaction_of_a_long_text_takes_no_time()
    {
        string[] hostile = [new('a', 60_000), string.Concat(Enumerable.Repeat("password", 8000)), string.Concat(Enumerable.Repeat("a://b:", 10_000)), string.Concat(Enumerable.Repeat("mysql -", 8000))];
        long begin = System.Diagnostics.Stopwatch.GetTimestamp();
        foreach (string text in hostile)
            Redaction.Text(text);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(begin).TotalSeconds, 0, 10);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("2d", 172800)]
    [InlineData("", null)]
    [InlineData("5", null)]
    [InlineData("m", null)]
    [InlineData("99999999999d", null)]
    public void durations_are_read(string text, int? seconds) => Assert.Equal(seconds, TimeWords.ParseDuration(text)?.TotalSeconds);

    [Theory]
    [InlineData("2026-11-27T04:10:00Z", "2026-11-27T04:10:00.000Z")]
    [InlineData("2026-11-27T04:10:00+02:00", "2026-11-27T02:10:00.000Z")]
    [InlineData("+30m", "2026-11-27T05:30:00.000Z")]
    [InlineData("10m ago", "2026-11-27T04:50:00.000Z")]
    [InlineData("yesterday-ish", null)]
    public void times_are_read(string text, string? time) =>
        Assert.Equal(time, TimeWords.ParseTime(text, new(2026, 11, 27, 5, 0, 0, TimeSpan.Zero)) is { } read ? UtcTime.Text(read) : null);

    [Theory]
    [InlineData("DB cluster: out of sync!", "2026-11-27-db-cluster-out-of-sync")]
    [InlineData("../../etc/passwd", "2026-11-27-etc-passwd")]
    [InlineData("日本", "2026-11-27-incident")]
    public void a_name_is_a_safe_file_name(string title, string name)
    {
        Assert.Equal(name, Slug.Of(title, new(2026, 11, 27, 1, 0, 0, TimeSpan.Zero)));
        Assert.True(Slug.IsOne(name));
    }

    [Fact]
    public void the_steps_of_a_runbook_are_its_list_items()
    {
        IReadOnlyList<RunbookStep> steps = Runbook.Parse("# Lag\n\nSome words.\n\n1. Look at the lag\n   on every replica\n   ```sh\n   $ mysql -e 'SHOW REPLICA STATUS'\n   ```\n- [ ] `pg_isready`\n* Call someone\n");
        Assert.Equal([new("Look at the lag on every replica", "mysql -e 'SHOW REPLICA STATUS'"), new("`pg_isready`", "pg_isready"), new("Call someone", null)], steps);
        Assert.Equal(["a", "b"], Runbook.Parse("# title\na\n\nb\n").Select(step => step.Text));
    }

    [Fact]
    public void hostile_text_stays_text_on_screen_in_markdown_and_in_html()
    {
        const string Hostile = "<script>alert(1)</script>\n# heading\n\e[2J\u202e [x](javascript:1) | ![i](http://x) `c` &lt; \u0085";
        Assert.DoesNotMatch(@"[\p{Cc}\p{Cf}]", Printable.Line(Hostile));
        string markdown = MarkdownWriter.Write([new Paragraph(Hostile), new Bullets([Hostile, "1. x", "- y"]), new Grid(["a"], [[Hostile]])]);
        Assert.DoesNotContain("\n# ", markdown, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?<!\\)[<`\[]", markdown);
        Assert.Contains("- 1\\. x\n- \\- y\n", markdown, StringComparison.Ordinal);
        string html = HtmlWriter.Write(Hostile, [new Heading(1, Hostile), new Paragraph(Hostile), new Bullets([Hostile]), new Grid([Hostile], [[Hostile]])]);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Equal(6, Regex.Count(html, Regex.Escape(WebUtility.HtmlEncode("<script>alert(1)</script>"))));
    }

    [Fact]
    public void the_timeline_of_a_review_keeps_the_order_within_a_second()
    {
        var entries = new List<Entry>();
        DateTimeOffset now = new(2026, 11, 27, 4, 0, 0, TimeSpan.Zero);
        foreach (EventData data in (EventData[])[new Opened(1, "i", "t", 1, false), .. Enumerable.Range(0, 40).Select(i => new Noted($"note {i:00}"))])
            entries.Add(EntryLine.Make(EventId.Next(entries.LastOrDefault()?.Id, now), entries.LastOrDefault()?.Hash ?? EntryLine.Genesis, now.AddMilliseconds(entries.Count), null, new("anna", 1, "login"), "h", data));
        entries.Add(EntryLine.Make(EventId.Next(entries[^1].Id, now), entries[^1].Hash, now.AddMinutes(1), now.AddMilliseconds(500), new("anna", 1, "login"), "h", new Noted("note late")));
        string[] shown = [.. Regex.Matches(MarkdownWriter.Write(PostMortem.Of(IncidentState.Of(entries, ""), false, false)), "note (\\d\\d|late)").Select(match => match.Value)];
        Assert.Equal([.. Enumerable.Range(0, 40).Select(i => $"note {i:00}"), "note late"], shown);
    }

    [Fact]
    public void a_review_names_roles_and_the_public_one_neither_people_nor_machines()
    {
        var entries = new List<Entry>();
        void Add(string author, EventData data, DateTimeOffset? at = null)
        {
            DateTimeOffset now = new(2026, 11, 27, 4, 0, 0, TimeSpan.Zero);
            entries.Add(EntryLine.Make(EventId.Next(entries.LastOrDefault()?.Id, now), entries.LastOrDefault()?.Hash ?? EntryLine.Genesis, now, at, new(author, 1, "login"), "db3.internal", data));
        }
        Add("annalena", new Opened(1, "i", "Orders lost on db3.internal", 1, false));
        Add("annalena", new RoleSet("lead", "annalena"));
        Add("bernhard", new Noted("annalena pulled the wrong cable"), new(2026, 11, 27, 3, 0, 0, TimeSpan.Zero));
        Add("annalena", new Assumed("A1", "the disk fails"));
        Add("bernhard", new FactFound("F1", "SMART is clean", "smartctl"));
        Add("bernhard", new Refuted(new(entries[3].Id, "A1"), new(entries[4].Id, "F1")));
        Add("annalena", new PhaseStamped(Phase.Cause, true, "the root cause is a loose cable"));
        Add("root", new Noted("orders of an hour", NoteKind.Impact));
        Add("annalena", new TaskSet("T1", "label the cables", "bernhard", new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero), true));
        IncidentState state = IncidentState.Of(entries, "");
        string usual = MarkdownWriter.Write(PostMortem.Of(state, false, false)), named = MarkdownWriter.Write(PostMortem.Of(state, true, false)), open = MarkdownWriter.Write(PostMortem.Of(state, false, true));
        Assert.DoesNotMatch("annalena|bernhard", usual);
        Assert.Contains("lead pulled the wrong cable", usual, StringComparison.Ordinal);
        Assert.Contains("the root cause is", usual, StringComparison.Ordinal);
        Assert.Contains("Assumptions that were false", usual, StringComparison.Ordinal);
        Assert.Contains("SMART is clean", usual, StringComparison.Ordinal);
        Assert.Contains("2026-11-27 03:00:00 (2026-11-27 04:00:00)", usual, StringComparison.Ordinal);
        Assert.Contains("bernhard", named, StringComparison.Ordinal);
        Assert.DoesNotMatch("annalena|bernhard|db3|SMART|responder", open);
        Assert.Contains("label the cables", open, StringComparison.Ordinal);
        Assert.Contains("orders of an hour", open, StringComparison.Ordinal);
    }
}
