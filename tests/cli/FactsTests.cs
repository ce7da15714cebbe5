using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>The command on this machine, whatever state that is in.</summary>
public sealed class FactsTests : IDisposable
{
    private static readonly string[] Probes = ["machine", "kernel", "pressure", "filesystems", "deleted", "disks", "smart", "raid", "lvm", "databases", "network", "time", "units", "logs", "crashes", "changes", "logins"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private ShellResult Bash(string script) => JumpbagProgram.Bash(folder.Path, $"export JUMPBAG_STATE=$PWD/state\n{script}");

    private static JsonElement[] Lines(string output) => [.. output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Text(JsonElement at, string name) => at.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    [Fact]
    public void every_probe_ends_with_a_result_and_every_fact_has_value_source_and_level()
    {
        long begin = Stopwatch.GetTimestamp();
        ShellResult result = Bash("jumpbag facts --json");
        Assert.True(result.Status == 0, result.Errors);
        Assert.True(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(60));
        JsonElement[] lines = Lines(result.Output);
        Assert.Equal(("begin", "end"), (Text(lines[0], "type"), Text(lines[^1], "type")));
        JsonElement[] results = [.. lines.Where(line => Text(line, "type") == "probe")];
        Assert.Superset(Probes.ToHashSet(), results.Select(line => Text(line, "probe")).ToHashSet());
        Assert.All(results, line => Assert.Contains(Text(line, "result"), new[] { "ok", "timeout", "missing", "denied", "truncated" }));
        JsonElement[] facts = [.. lines.Where(line => Text(line, "type") == "fact")];
        Assert.All(facts, fact => Assert.True(Text(fact, "value").Length > 0 && Text(fact, "source").Length > 0 && Text(fact, "subject").Length > 0 && Text(fact, "level") is "info" or "changed" or "warning" or "critical", fact.GetRawText()));
        Assert.Contains(facts, fact => Text(fact, "probe") == "filesystems" && Text(fact, "name") == "space" && Text(fact, "subject") == "/");
        Assert.Equal(facts.Count(fact => Text(fact, "level") == "critical"), lines[^1].GetProperty("critical").GetInt32());
    }

    [Fact]
    public void the_release_and_the_space_are_those_that_others_tell()
    {
        ShellResult result = Bash("jumpbag facts --json --only machine,filesystems; . /etc/os-release; echo \"$PRETTY_NAME\"; uname -r; df --output=pcent / | tail -1");
        string[] lines = result.Output.TrimEnd().Split('\n');
        JsonElement[] facts = Lines(string.Join('\n', lines[..^3]));
        Assert.StartsWith($"{lines[^3]}, Linux {lines[^2]}", Text(facts.Single(fact => Text(fact, "name") == "release"), "value"), StringComparison.Ordinal);
        Assert.StartsWith($"{lines[^1].Trim()} full", Text(facts.Single(fact => Text(fact, "name") == "space" && Text(fact, "subject") == "/"), "value"), StringComparison.Ordinal);
    }

    [Fact]
    public void the_screen_fits_a_terminal_of_24_lines_and_80_columns()
    {
        ShellResult result = Bash("LINES=24 COLUMNS=80 jumpbag facts -q");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        string[] lines = result.Output.TrimEnd('\n').Split('\n');
        Assert.True(lines.Length <= 24, result.Output);
        Assert.All(lines.Where(line => !line.Contains('/', StringComparison.Ordinal)), line => Assert.True(line.Length <= 80, line));
        Assert.Matches(@"^\d+ probes in \d+\.\d s", lines[^1].StartsWith(' ') ? lines[^2] : lines[^1]);
    }

    [Fact]
    public void only_the_probes_that_are_named_run_and_a_wrong_name_is_a_mistake()
    {
        Assert.Equal(["time"], Lines(Bash("jumpbag facts --json --only time").Output).Where(line => Text(line, "type") == "probe").Select(line => Text(line, "probe")));
        ShellResult wrong = Bash("jumpbag facts --only tyme");
        Assert.Equal((2, ""), (wrong.Status, wrong.Output));
        Assert.Matches("^jumpbag: --only tyme: there is no such probe\nhint: .*machine.*\n$", wrong.Errors);
        Assert.Equal(2, Bash("jumpbag facts --budget 100").Status);
        Assert.Equal(2, Bash("jumpbag facts --bundle x.zip --only time").Status);
        ShellResult nowhere = Bash("jumpbag facts --bundle usb/x.json --only time; echo $?; ls");
        Assert.Contains("--bundle usb/x.json: there is no such folder", nowhere.Errors, StringComparison.Ordinal);
        Assert.Equal("1\n", nowhere.Output);
    }

    [Fact]
    public void a_bundle_holds_facts_screen_and_evidence_and_only_its_owner_reads_it()
    {
        ShellResult result = Bash("jumpbag facts -q --bundle b.tar.gz --only machine,filesystems >screen && stat -c %a b.tar.gz && tar -tzf b.tar.gz && jumpbag facts -q --bundle b.json --only machine >/dev/null && stat -c %a b.json && jumpbag facts diff b.tar.gz b.tar.gz");
        Assert.True(result.Status == 0, result.Errors);
        Assert.StartsWith("600\n", result.Output, StringComparison.Ordinal);
        Assert.Matches("/facts.json\n", result.Output);
        Assert.Matches("/screen.txt\n", result.Output);
        Assert.Matches("/evidence/filesystems/proc-self-mountinfo.txt\n", result.Output);
        Assert.EndsWith("no difference\n", result.Output, StringComparison.Ordinal);
        JsonElement document = JsonDocument.Parse(File.ReadAllText(folder.File("b.json"))).RootElement;
        Assert.NotEmpty(document.GetProperty("evidence").EnumerateArray());
        Assert.NotEmpty(document.GetProperty("facts").EnumerateArray());
    }

    [Fact]
    public void a_difference_shows_what_got_worse()
    {
        ShellResult result = Bash("""
            fact() { printf '{"type":"fact","probe":"filesystems","level":"%s","name":"space","subject":"/srv","value":"%s","source":"s"}\n{"type":"probe","probe":"filesystems","result":"ok","seconds":1}\n' "$1" "$2"; }
            fact info "50% full" >a; fact critical "100% full" >b
            jumpbag facts diff a b; jumpbag facts diff --json a b; jumpbag facts diff a missing
            """);
        Assert.Equal(1, result.Status);
        Assert.Contains("- filesystems /srv: 50% full\n+ filesystems /srv: !! 100% full (worse)\n", result.Output, StringComparison.Ordinal);
        Assert.Equal("worse", JsonDocument.Parse(result.Output.TrimEnd().Split('\n')[^1]).RootElement[0].GetProperty("difference").GetString());
        Assert.Equal("jumpbag: missing: no such file\n", result.Errors);
    }

    [Fact]
    public void missing_helpers_are_named_with_their_packages()
    {
        ShellResult result = Bash("mkdir bin; ln -s /bin/true bin/ssh; PATH=$PWD/bin jumpbag facts --check --json");
        JsonElement[] helpers = [.. JsonDocument.Parse(result.Output).RootElement.EnumerateArray()];
        Assert.Equal(["smartctl", "systemctl", "journalctl", "ssh"], helpers.Select(helper => Text(helper, "program")));
        Assert.Equal("smartmontools", Text(helpers[0], "debian"));
        Assert.Equal("openssh-clients", Text(helpers[3], "rpm"));
        Assert.EndsWith("/bin/ssh", Text(helpers[3], "path"), StringComparison.Ordinal);
        Assert.Equal(helpers.Any(helper => helper.GetProperty("path").ValueKind == JsonValueKind.Null) ? 3 : 0, result.Status);
    }

    [Fact]
    public void what_is_abnormal_goes_into_the_open_incident_once_with_its_probe_as_the_source()
    {
        // A server that is not there is abnormal on every machine.
        ShellResult result = Bash("""
            jumpbag facts --record --only time; echo "status $?"
            jumpbag incident open -q test >/dev/null
            for i in 1 2; do jumpbag facts -q --only databases --server 'mysql://x@127.0.0.1:1' --record >/dev/null; done
            jumpbag incident fact --json
            jumpbag incident assume -q x; jumpbag incident confirm A1 F1
            """);
        Assert.StartsWith("status 1\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("jumpbag: --record: no incident is open\nhint: ", result.Errors, StringComparison.Ordinal);
        JsonElement[] facts = [.. JsonDocument.Parse(result.Output.Split('\n')[1]).RootElement.EnumerateArray()];
        JsonElement fact = Assert.Single(facts, fact => Text(fact, "text").Contains(" 127.0.0.1:1: does not answer", StringComparison.Ordinal));
        Assert.Equal("probe databases: 127.0.0.1:1", Text(fact, "source"));
        Assert.EndsWith("A1 confirmed by F1\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void the_journal_has_the_command_and_none_of_its_probes()
    {
        ShellResult result = Bash("jumpbag incident open -q test >/dev/null; jumpbag facts -q --only time,raid >/dev/null; grep -h '\"type\":\"command' state/incidents/*.ndjson");
        string[] lines = result.Output.TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Contains("jumpbag facts -q --only time,raid", line, StringComparison.Ordinal));
    }

    [Fact]
    public void secrets_are_masked_wherever_facts_go()
    {
        ShellResult result = Bash("jumpbag facts --only databases --server 'mysql://anna:hunter2@127.0.0.1:1' --json --bundle b.json; cat b.json; jumpbag facts --only databases --server 'mysql://anna:hunter2@127.0.0.1:1'");
        Assert.Contains("127.0.0.1:1", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", result.Output + result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void several_machines_are_asked_at_once_the_worst_on_top_and_a_dead_one_is_a_result()
    {
        ShellResult result = Bash("""
            mkdir bin
            cat >bin/ssh <<'END'
            #!/bin/bash
            while [ "$1" != -- ]; do shift; done
            echo "$3" >>asked
            case $2 in
              bad) printf '%s\n' 'Welcome!' '{"type":"begin","host":"b"}' '{"type":"fact","probe":"raid","level":"critical","name":"degraded","subject":"md0","value":"lacks a disk","source":"s"}' '{"type":"probe","probe":"raid","result":"ok","seconds":1}' '{"type":"end","host":"b","seconds":1}' ;;
              good) printf '%s\n' '{"type":"probe","probe":"raid","result":"ok","seconds":1}' '{"type":"end","seconds":1}' ;;
              other) printf '%s\n' '{"type":"absent","text":"Linux s390x"}' ;;
              dead) echo 'ssh: connect to host dead port 22: No route to host' >&2; exit 255 ;;
            esac
            END
            chmod +x bin/ssh; PATH=$PWD/bin:$PATH
            jumpbag facts --hosts good,dead,bad,other; echo "status $?"; jumpbag facts --hosts good,dead --json --only raid,lvm; tail -c 3000 asked | grep -c -e 'facts --json --budget 40 --only raid,lvm </dev/null'; jumpbag facts --hosts=-oProxyCommand=x
            """);
        Assert.Equal(2, result.Status);
        string[] lines = result.Output.Split('\n');
        Assert.Equal(["Host", "bad", "dead", "other", "good"], lines[..5].Select(line => line.Split(' ')[0]));
        Assert.Contains("failed: cannot be reached: ssh: connect to host dead port 22: No route to host", lines[2], StringComparison.Ordinal);
        Assert.Contains("Linux s390x", lines[3], StringComparison.Ordinal);
        Assert.Contains("!! md0: lacks a disk\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("status 0\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("""{"type":"probe","host":"dead",""", Regex.Replace(result.Output, "\"time\":\"[^\"]*\",", ""), StringComparison.Ordinal);
        Assert.EndsWith("\n2\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("is no host", result.Errors, StringComparison.Ordinal);
    }
}
