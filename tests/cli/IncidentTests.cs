using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>jumpbag incident, as people on call type it. Each script begins without any incident.</summary>
public sealed class IncidentTests : IDisposable
{
    private const string Begin = "export JUMPBAG_STATE=$PWD/state JUMPBAG_FALLBACK=$PWD/fb1:$PWD/fb2 SUDO_UID=; i() { jumpbag incident \"$@\"; }; open() { i open 'db out of sync' -q; }; J=state/incidents/*.ndjson\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("i", 0, @"^No incident is open\. 'jumpbag incident open TITLE' opens one\.\n$", "^$")]
    [InlineData("i note x", 1, "^$", "^jumpbag: no incident is open\nhint: ")]
    [InlineData("i open 'db out of sync' --severity 2", 0, @"^incident opened: db out of sync \(severity 2\)\n$", @"^\d{4}-\d\d-\d\d-db-out-of-sync: open, in /.*\.ndjson; you are \S+ \((uid|login)\)\n$")]
    [InlineData("open; i", 0, @"^\d{4}-\d\d-\d\d-db-out-of-sync: db out of sync\nSeverity  3, open for \d+ s\nPhase     1 stop the bleeding, for \d+ s\nRoles     lead \S+\nUpdate    due .*\nNext      triage: .*\n[\s\S]*Head      [0-9a-f]{16}  2 events in /", "^$")]
    [InlineData("i open x --severity 9", 2, "^$", "^jumpbag: severity 9: not from 1 to 5\n$")]
    [InlineData("i open x --severity many", 2, "^$", "^jumpbag: .*\nhint: 'jumpbag incident open --help'")]
    [InlineData("i frob", 2, "^$", "^jumpbag: .*frob.*\nhint: 'jumpbag incident --help'")]
    [InlineData("open; i triage db1 green --why fine -q; i triage db3 red --why 'taking writes' -q; i triage", 0, @"^Tag .*\nred +db3 .*taking writes\ngreen +db1 .*fine\n$", "^$")]
    [InlineData("open; i triage db3 red", 2, "^$", "^jumpbag: --why is missing\n$")]
    [InlineData("open; i triage db3 purple --why x", 2, "^$", "^jumpbag: .*purple")]
    [InlineData("open; i assume 'the disk fails'; i fact 'SMART is clean' --source smartctl; i refute A1 F1 'a cable'; i assume", 0, @"^A1 assumption: the disk fails\nF1 fact: SMART is clean \[smartctl\]\nA1 refuted by F1: a cable\n[^\n]*\nA1 +false \(F1\) .*the disk fails\n$", "^$")]
    [InlineData("open; i assume x -q; i confirm A1 F1", 1, "^$", "^jumpbag: F1: no such fact\nhint: there is no fact yet\n$")]
    [InlineData("open; i confirm A1 F1", 1, "^$", "^jumpbag: A1: no such assumption")]
    [InlineData("open; i phase bleeding --done 'took db3 out'; i phase | tail -1", 0, @"^1 stop the bleeding: done: took db3 out\nbleeding stopped after \d+ s\n$", "^$")]
    [InlineData("open; i phase 9", 2, "^$", "^jumpbag: 9: no such phase\nhint: ")]
    [InlineData("open; i task 'call them' --owner ben --due +15m; i done T1; i done T1", 1, @"^T1 task: call them \(ben\)\nT1 done\n$", "^jumpbag: T1 is done already\n$")]
    [InlineData("open; i task x --due +1m", 2, "^$", "^jumpbag: --owner is missing\n$")]
    [InlineData("open; i task x --owner a --due whenever", 2, "^$", "^jumpbag: --due whenever: no time\nhint: ")]
    [InlineData("open; i task -q --follow-up 'label cables' --owner ben --due 2020-01-01; i close done -q; i", 0, @"^No incident is open\..*\nAction items of past ones \(1 open\):\n  T1 label cables: ben, OVERDUE, was due 20\S+ \d\d:\d\d \(\d+ days ago\), follow-up  \[\S+\]\n$", "^$")]
    [InlineData("open; i task -q --follow-up x --owner b --due +1h; i close y -q 2>/dev/null; i done -i 20 T1; i actions | wc -l", 0, @"^T1 done\n0\n$", "^$")]
    [InlineData("open; i note first --at '10m ago' -q; i timeline -n 1 | grep -c first; i timeline | grep first", 0, @"^0\n(\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d \d\d:\d\d) \(written \d\d:\d\d:\d\d\) \S+  first\n$", "^$")]
    [InlineData("open; i note 'db3 is down' -q; i correct last 'db2 is down'; i timeline | grep 'first written'", 0, @"^corrected: db3 is down, now: db2 is down\n.*  db2 is down \(first written: db3 is down\)\n$", "^$")]
    [InlineData("open; i note x -q; i correct last --withdraw -q; i timeline | grep -c '(withdrawn)'", 0, "^1\n$", "^$")]
    [InlineData("open; i run -- sh -c 'echo out; echo err >&2; exit 7'", 7, "^out\n$", "^err\n$")]
    [InlineData("open; echo in | i run -- cat", 0, "^in\n$", "^$")]
    [InlineData("open; i run -- sh -c 'kill -9 $$'", 137, "^$", "^$")]
    [InlineData("open; i run -- no-such-program", 127, "^$", "^jumpbag: no-such-program: no such program\nhint: ")]
    [InlineData("i run -- echo there", 0, "^there\n$", "^warning: not written into the incident's journal: no incident is open\nhint: ")]
    [InlineData("open; i run -q -- mysql -uroot -phunter2 --password=hunter2 mysql://a:hunter2@b/ PGPASSWORD=hunter2 >/dev/null 2>&1; grep -c hunter2 $J; grep -o '\"exitStatus\":[0-9]*' $J", 0, "^0\n\"exitStatus\":[1-9][0-9]*\n$", "^$")]
    [InlineData("open; echo 'x(' >d.sql; jumpbag load --list -q d.sql; jumpbag ls -q no.img:/; i timeline | cut -d' ' -f4-", 0, @"\$ jumpbag load --list -q d\.sql\n\$ jumpbag load --list -q d\.sql: exit status \d[^\n]*\n\$ jumpbag ls -q no\.img:/\n\$ jumpbag ls -q no\.img:/: exit status 1: no\.img: no such file\n$", "no such file")]
    [InlineData("open; jumpbag version; jumpbag completion bash >/dev/null; jumpbag ls --help >/dev/null; jumpbag ls -Z 2>/dev/null; wc -l <$(echo $J)", 0, @"jumpbag \S+\n2\n$", "^$")]
    [InlineData("open; printf 'SELECT 1;\\n-- Dump completed\\n' >d.sql; jumpbag load --list -q d.sql >/dev/null; grep -o '\"sources\":.*}\\]' $J", 0, "^\"sources\":\\[{\"path\":\"d.sql\"}\\]\n$", "^$")]
    [InlineData("open; i monitor --every 1s --times 3 -- sh -c 'cat n 2>/dev/null; echo x >>n; test $(wc -l <n) -lt 9' | sed s/check:.*//; i timeline | grep -c M1", 0, @"^M1 watches: .*\nM1 changed: .*\n[\s\S]*M1 no longer watches .*: 3 checks, 2 changes\n4\n$", "^$")]
    [InlineData("open; i monitor --every 1s --times 3 -- true", 0, @"^M1 watches: true: exit status 0\nM1 no longer watches true: 3 checks, 0 changes\n$", "^$")]
    [InlineData("open; i monitor --times 1 --deadline 1s -- sleep 60", 0, @"^M1 watches: sleep 60: exit status 137: not done after 1 s\n", "^$")]
    [InlineData("open; printf '1. look\\n2. `true`\\n' >r.md; i checklist r.md; i check C1 seen; i checklist; i | grep Checklist", 0, @"^\[ \] C1 look\n\[ \] C2 `true`\n       \$ true\nC1 checked: seen\n\[x\] C1 look   .*\n\[ \] C2 `true`\n       \$ true\nChecklist 1 of 2 done, next C2 `true`\n$", "^$")]
    [InlineData("open; i handoff ben", 0, @"^\S+db-out-of-sync: [\s\S]*Roles     lead \S+; H1 lead waits for ben\n[\s\S]*ben takes over as lead with: jumpbag incident accept H1\n$", "^$")]
    [InlineData("open; i handoff ben -q >/dev/null; i accept H1", 4, "^$", @"^jumpbag: H1 is for ben; you are \S+ \(\S+\)\nhint: ")]
    [InlineData("open; i handoff -q $(id -un) >/dev/null; i accept", 0, "^H1 accepted: lead\n$", "^$")]
    [InlineData("open; i verify", 0, @"^\S+: 2 events, each as it was written\nhead [0-9a-f]{64}\nWhether its end ", "^$")]
    [InlineData("open; i note one -q; sed -i s/one/two/ $J; i verify", 1, "^$", @"^jumpbag: .*: line 3: was changed: ")]
    [InlineData("open; i note a -q; i note b -q; sed -i 3d $J; i verify", 1, "^$", @"line 3: the event before it is missing\n$")]
    [InlineData("open; i note a -q; h=$(i verify | sed -n 's/^head //p'); sed -i '$d' $J; i verify >/dev/null && i verify --head ${h:0:12}", 1, "^$", @"the head [0-9a-f]{12} is not in it: its end was cut off")]
    [InlineData("i open x --store nonsense", 2, "^$", "^jumpbag: nonsense: is no server's address\nhint: ")]
    [InlineData("i open x --store mysql://a@b/c", 2, "^$", "^jumpbag: mysql://a@b/c: a store is a database of PostgreSQL\nhint: ")]
    [InlineData("i open x --store postgres://a:b@127.0.0.1:1/c", 2, "^$", "^jumpbag: --store: everyone on this machine who lists processes can read a password in it\nhint: ")]
    [InlineData("i open x --store postgres://a@127.0.0.1:1/c -q; i note y; i 2>/dev/null | grep -c 'and postgres://a@127.0.0.1:1/c$'; i verify | grep -c postgres", 1, "^y\n1\n0\n$", @"warning: postgres://a@127\.0\.0\.1:1/c: 127\.0\.0\.1:1: connection refused.*: the event is saved in /.*\.ndjson\nhint: [\s\S]*: the store was not looked at\nhint: ")]
    [InlineData("JUMPBAG_STORE=postgres://a:s3cret@127.0.0.1:1/c i open x -q 2>/dev/null; i -q --store none 2>/dev/null | tail -1 | grep -c postgres; i verify; grep -r s3cret state", 1, "^0\n\\S+: 2 events, each as it was written\n", "^$")]
    [InlineData("printf '[incident]\\nstore = \"postgres://a:s3cret@127.0.0.1:1/c\"\\n' >c.toml; i open x --config c.toml -q 2>/dev/null; i 2>/dev/null | tail -1 | grep -o 'and postgres.*'; grep -r s3cret state; export JUMPBAG_CONFIG=c.toml; i open y -q 2>/dev/null; i open z --store none -q 2>/dev/null; ls state/incidents | grep -c store", 0, "^and postgres://a@127.0.0.1:1/c\n2\n$", "^$")]
    [InlineData("printf '[incident]\\nstor = \"x\"\\n' >c.toml; JUMPBAG_CONFIG=c.toml i open x -q; i open y --config c.toml", 2, "^$", @"^warning: c\.toml:2: incident: stor: there is no such key: the configuration is left out\nhint: did you mean store\?\njumpbag: c\.toml:2: incident: stor: there is no such key\nhint: did you mean store\?\n$")]
    [InlineData("open; i verify --head abc", 2, "^$", "^jumpbag: --head abc: not a hash")]
    [InlineData("open; i note a -q; truncate -s -20 $J; i verify 2>/dev/null; echo $?; i note b -q; i verify >/dev/null; echo $?; ls state/incidents | sed 's/.*\\.//' | sort; i timeline | grep -c 'torn last line'", 0, "^1\n0\ncurrent\nndjson\ntorn\n1\n$", "^$")]
    [InlineData("open; i note $'a\\nb\\e[31m<script>\\xff' -q; i timeline | tail -1 | grep -c $'\\e'; wc -l <$(echo $J); i review | grep -c '[^\\\\]<script'; i review --html | grep -c '<script'; i timeline | tail -1", 0, @"^0\n3\n0\n0\n.*  a\\nb\\u\{1b\}\[31m<script>", "^$")]
    [InlineData("i open --drill 'pull the plug' -q; ls state; i list; i list --drills; i search plug; i close x -q 2>/dev/null", 0, @"^drills\nincidents\nIncident [^\n]*\ndrill-\S+ [^\n]*pull the plug\n$", "^jumpbag: no incident has plug in it\n$")]
    [InlineData("open; i phase cause --done 'replica lag from a full disk' -q; i close 'lag fixed' -q 2>/dev/null; i search LAG disk", 0, @"^\S+  severity 3, closed: db out of sync\n    2 find the root cause: done: replica lag from a full disk\n    closed: lag fixed\n$", "^$")]
    [InlineData("open; i open second -q; i list | wc -l; i use 20 2>/dev/null; echo $?", 0, "^3\n2\n$", "is open too")]
    [InlineData("open; i close done -q 2>/dev/null; i open other -q; i close 'it was a cable' -q 2>/dev/null; i review; i review --public -o p; grep -c jumpbag p", 1, @"^# other\n[\s\S]*it was a cable[\s\S]*## What went well\n\nNot written yet: [\s\S]*\n0\n$", "^p: written\n$")]
    [InlineData("i review", 1, "^$", "^jumpbag: no incident is open")]
    [InlineData("open; i task 'call them' --owner ben --due +15m -q; i review | grep 'call them'", 0, @"^\| T1 \| call them \| responder \d \| \d{4}-\d\d-\d\d \| open \|\n\| [^\n]* T1 task: call them \(responder \d\) \|\n$", "^$")]
    [InlineData("open; i close done -q 2>/dev/null; i close again -i 20", 1, "^$", "is closed already")]
    [InlineData("open; i close done -q 2>/dev/null; i reopen -i 20 --why 'not done' -q; i note x", 0, "^x\n$", "^$")]
    [InlineData("i --help | tail -2", 0, "EXAMPLE\n  jumpbag incident\n", "")]
    [InlineData("i step run --help | tail -2; i triage --help | grep -A9 'EXIT STATUS' | tail -1", 0, "EXAMPLE\n  jumpbag incident step run 2\n  jumpbag incident triage db3 red", "^$")]
    [InlineData("mkdir usb; i open x --journal usb -q; i note y -q; ls usb; jumpbag ls -q no.img:/ 2>/dev/null; wc -l <usb/*.ndjson; i --journal usb | head -1", 0, @"^\S+-x\.ndjson\n5\n\S+-x: x\n$", "^$")]
    [InlineData("complete() { :; }; compgen() { :; }; eval \"$(jumpbag completion bash)\"; jumpbag completion bash | grep -c 'triage) words=.*--why'", 0, "^1\n$", "^$")]
    public void incident_says(string script, int status, string output, string errors)
    {
        ShellResult result = Bash(script);
        Assert.True(result.Status == status && Regex.IsMatch(result.Output, output) && Regex.IsMatch(result.Errors, errors),
            $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
    }

    /// <summary>Two people: root under another SUDO_UID is another, where no login is recorded.</summary>
    [Theory]
    [InlineData("plan; i vet", 4, "^$", @"^jumpbag: P1 is in part root \(uid\)'s, who can't vet it\nhint: ")]
    [InlineData("plan; i step run 1", 4, "^$", "^jumpbag: step 1 of P1 writes the source and is not vetted\nhint: ")]
    [InlineData("plan; other vet --hash $(hash); i step run 1; cat target", 0, @"^P1 vetted \(\w{12}\)\nok\nP1 step 1 ended with exit status 0, as expected\nwritten\n$", "^$")]
    [InlineData("plan; echo yes | other vet -q >/dev/null; i plan | head -1", 0, @"^P1 rebuild   vetted by daemon\n$", "Do you stand for P1")]
    [InlineData("plan; echo no | other vet -q >/dev/null; i plan | head -1", 0, @"^P1 rebuild   NOT VETTED\n$", "was not vetted")]
    [InlineData("plan; other vet --hash $(hash) -q; i step edit 1 --target other -q; i step run 1; i plan | head -1", 0, @"^P1 rebuild   NOT VETTED: changed since it was\n$", "not vetted")]
    [InlineData("plan; h=$(hash); i step edit 1 --time 9m -q; other vet --hash $h", 4, "^$", @"^jumpbag: P1 is not \w{12} now")]
    [InlineData("plan; echo wrong | i step run 1 --alone; test -e target", 1, "^$", "that is not the target's name; nothing was run")]
    [InlineData("plan; echo db3 | i step run 1 --alone; i plan | grep -c UNVETTED; grep -c '\"leave\":\"UNVETTED\"' $J", 0, @"as expected\n1\n1\n$", "type the name of its target")]
    [InlineData("open; i plan reads -q; i step add 'echo hello' --target db3 --risk reads --expect bye -q; i step run 1", 1, @"^hello\nP1 step 1 ended with exit status 0, NOT as expected\n$", "^warning: step 1 is not as expected\n$")]
    [InlineData("open; i plan p -q; i step add x --target t --risk source", 2, "^$", "^jumpbag: a step that writes the source needs --expect, --back and --time\nhint: ")]
    [InlineData("open; i note mine -q; other correct $(grep -o '^{\"id\":\"[^\"]*' $J | tail -1 | cut -d'\"' -f4) x", 4, "^$", "is root's; you are daemon \\(sudo\\)")]
    [InlineData("open; i handoff daemon >/dev/null; other accept; i | grep Roles; tail -1 $J | grep -o '\"uid\":1,\"identity\":\"sudo\"'", 0, "^H1 accepted: lead\nRoles     lead daemon\n\"uid\":1,\"identity\":\"sudo\"\n$", "^$")]
    public void two_people_are_told_apart(string script, int status, string output, string errors)
    {
        Require.Root();
        Assert.SkipUnless(!File.Exists("/proc/self/loginuid") || File.ReadAllText("/proc/self/loginuid").Trim() == $"{uint.MaxValue}", "a login is recorded here, so nobody else can be played");
        ShellResult result = Bash("""
            other() { SUDO_UID=1 "$BIN" incident "$@"; }
            hash() { i plan | sed -n 's/^  hash //p' | cut -c1-12; }
            plan() { open; i plan rebuild -q; i step add 'echo written >target; echo ok' --target db3 --risk source --expect ok --back none --time 10m -q; }

            """ + script);
        Assert.True(result.Status == status && Regex.IsMatch(result.Output, output) && Regex.IsMatch(result.Errors, errors),
            $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
    }

    [Fact]
    public void everything_speaks_json()
    {
        ShellResult made = Bash("open; i triage db3 red --why x -q; i fact f -q; i assume a -q; i refute A1 F1 -q; i task t --owner o --due +1h -q; i plan p --rests A1 -q; i step add true --target t --risk reads -q; echo '- x' >r.md; i checklist r.md -q >/dev/null; i notify add --command true --json");
        Assert.True(made.Status == 0, made.Errors);
        foreach (string verb in new[] { "", "triage", "fact", "assume", "task", "actions", "plan", "phase", "checklist", "verify", "review", "list", "search db", "notify", "note y", "handoff z", "update u" })
        {
            ShellResult result = Bash($"i {verb} --json");
            Assert.True(result.Status == 0, $"{verb}: {result.Errors}");
            foreach (Match key in Regex.Matches(result.Output, "\"([A-Za-z]+)\":"))
                Assert.Matches("^[a-z][A-Za-z]*$", key.Groups[1].Value);
            JsonDocument.Parse(result.Output).Dispose();
        }
        using JsonDocument state = JsonDocument.Parse(Bash("i --json").Output);
        string[] keys = ["id", "title", "severity", "drill", "state", "opened", "closed", "events", "head", "phase", "phases", "seconds", "roles", "nextUpdate", "patients", "facts", "assumptions", "tasks", "plans", "running", "watched", "checklist", "handoffs", "next", "journal", "store"];
        Assert.Equal(keys, state.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.All(Bash("i timeline --json; i export").Output.TrimEnd().Split('\n'), line => JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public void two_machines_merge()
    {
        ShellResult result = Bash("""
            open; i note ours -q; i export >x.ndjson
            export A=$JUMPBAG_STATE B=$PWD/other
            JUMPBAG_STATE=$B i merge x.ndjson
            JUMPBAG_STATE=$B i note theirs -q; i note 'ours too' -q
            JUMPBAG_STATE=$B i export >y.ndjson
            i merge y.ndjson; i merge y.ndjson; i export >z.ndjson; JUMPBAG_STATE=$B i merge z.ndjson
            i verify | head -1; JUMPBAG_STATE=$B i verify | head -1
            diff <(sort $A/incidents/*.ndjson) <(sort $B/incidents/*.ndjson) && echo same
            """);
        Assert.Matches(@"^\S+: 3 new events\n\S+: 1 new event\n\S+: 0 new events\n\S+: 2 new events\n(\S+: 6 events, each as it was written\n){2}same\n$", result.Output);
    }

    private ShellResult Bash(string script) => JumpbagProgram.Bash(folder.Path, Begin + script);
}
