using System.Text.Json;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>Contract: --json on everything.</summary>
public sealed class IncidentJsonTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void every_verb_prints_json()
    {
        ShellResult result = JumpbagProgram.Bash(folder.Path, """
            export JUMPBAG_STATE=$PWD/state JUMPBAG_FALLBACK=$PWD/fb SUDO_UID=; mkdir out; n=100
            # Each call's output in a file that is named after its verb and the status that it ended with.
            i() { n=$((n+1)); "$BIN" incident "$@" --json >out/now 2>>errors </dev/null; mv out/now "out/$n $1 $?"; }
            n=100; "$BIN" incident --json >"out/100 incident 0" || mv "out/100 incident 0" "out/100 incident 1"
            i open first; i open second; i use $(date -u +%F)-first; n=200; "$BIN" incident --json >"out/200 incident 0"
            i triage db3 red --why x; i triage; i triage db3; i note x; i fact x; i fact; i assume x; i assume; i confirm A1 F1; i assume y; i refute A2 F1; i phase bleeding --done x; i phase; i severity 1 --why x
            i role ops ben; i update x --next +5m; i task x --owner ben --due +1h; i task; i move T1 --owner anna; i done T1; i task z --owner ben --due +1h; i drop T2; i actions
            i plan p --rests A1; i step add true --target t --risk reads; i step add false --target t --risk reads; i step edit 1 'echo x'; i plan; i step run 1; i step done 2 x; i step remove 2
            i handoff $(id -un); i accept; echo '- look' >r.md; i checklist r.md; i checklist; i check C1; i correct last more; i timeline; i verify; i export; i list; i search first; i review; i review -o r.html --html
            "$BIN" incident run --json -- echo printed >"out/300 run 0"; "$BIN" incident monitor --json --times 1 -- true >"out/301 monitor 0"
            n=400; i notify add --command true; i notify; i notify test N1; i notify send; i notify remove N1
            "$BIN" incident export >e.ndjson; JUMPBAG_STATE=$PWD/other i merge e.ndjson
            JUMPBAG_STATE=$PWD/third JUMPBAG_FALLBACK=$PWD/fb3 i open third
            # Someone else vets: root whom sudo made that of another. Without root it is refused.
            h=$("$BIN" incident plan --json | grep -o '"hash":"[0-9a-f]*"' | cut -d'"' -f4); SUDO_UID=1 i vet --hash $h
            i close done; i reopen -i $(date -u +%F)-first --why again
            """);
        Assert.Equal(0, result.Status);
        string[] files = [.. Directory.EnumerateFiles(folder.File("out")).Order(StringComparer.Ordinal)];
        string[] verbs = [.. files.Select(file => Path.GetFileName(file).Split(' ')[1]).Distinct()];
        string help = JumpbagProgram.Bash(folder.Path, "jumpbag incident --help").Output;
        string[] all = [.. help.Split('\n').SkipWhile(line => line != "Commands:").Skip(1).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal)).Where(line => line[2] != ' ').Select(line => line.Trim().Split(' ')[0])];
        Assert.True(all.Length > 30, help);
        Assert.Empty(all.Except(verbs));
        foreach (string file in files)
        {
            // Nobody vets an own plan: that is refused, and an error is no JSON.
            string name = Path.GetFileName(file);
            if (name.EndsWith(" vet 4", StringComparison.Ordinal) && !Environment.IsPrivilegedProcess)
                continue;
            Assert.True(name.EndsWith(" 0", StringComparison.Ordinal), $"{name}\n{File.ReadAllText(folder.File("errors"))}");
            string[] lines = File.ReadAllText(file).TrimEnd('\n').Split('\n');
            if (name.EndsWith(" run 0", StringComparison.Ordinal) || lines[0] == "x")
                lines = lines[1..];
            Assert.NotEmpty(lines);
            foreach (string line in lines)
                Assert.True(IsJson(line), $"{name}: {line}");
        }
    }

    private static bool IsJson(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
