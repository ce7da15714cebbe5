using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>What jumpbag backup and a restore by name say before they touch a repository. That they work is shown in tests/real/Backup.</summary>
public sealed class BackupTests : IDisposable
{
    private const string Settings = """
        export JUMPBAG_STATE="$PWD/state" HOME="$PWD" LC_ALL=C.UTF-8; unset JUMPBAG_CONFIG XDG_CONFIG_HOME RESTIC_PASSWORD RESTIC_REPOSITORY
        good() { printf '[sources.www]\npath = ["%s"]\n[copies.near]\nurl = "%s"\npassword-file = "%s"\n[copies.far]\ntier = "offsite"\nurl = "%s"\npassword-env = "FAR"\n' "$PWD" "$PWD/near" "$PWD/key" "$PWD/far" >jumpbag.toml; export JUMPBAG_CONFIG="$PWD/jumpbag.toml"; echo pw >key; }
        line() { good; printf "$1\n" >>jumpbag.toml; }

        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("jumpbag backup", 2, "Required command was not provided")]
    [InlineData("jumpbag backup frob", 2, "frob")]
    [InlineData("jumpbag backup run", 1, "^jumpbag: there is no configuration\nhint: jumpbag backup init writes .*jumpbag\\.toml")]
    [InlineData("jumpbag backup run --config nope.toml", 1, "nope\\.toml")]
    [InlineData("good; jumpbag backup run wwv", 1, "there is no source 'wwv'\nhint: there are: www\n")]
    [InlineData("good; jumpbag backup verify nearr", 1, "there is no copy 'nearr'\nhint: there are: near, far\n")]
    [InlineData("good; jumpbag backup verify --data=x", 2, "--data x: is no share\nhint: ")]
    [InlineData("good; jumpbag backup heal --all", 2, "")]
    [InlineData("good; jumpbag backup forget --all", 2, "--all needs a source and --copy")]
    [InlineData("good; jumpbag backup status --record", 1, "^jumpbag: --record: no incident is open\nhint: 'jumpbag incident open TITLE' opens one\n$")]
    [InlineData("good; jumpbag restore wwv:/x out", 1, "wwv")]
    // Mistakes in the file, each with its line.
    [InlineData("line '[copies.x]\\nurl = \"/x\"\\npasword-file = \"/k\"'; jumpbag backup list", 2, "jumpbag\\.toml:\\d+.*pasword-file[\\s\\S]*hint: .*password-file")]
    [InlineData("line '[copies.x]\\nurl = \"/x\"'; jumpbag backup list", 2, "jumpbag\\.toml:?\\d*.*x[\\s\\S]*password")]
    [InlineData("line '[sources.x]\\nrpo = \"24h\"'; jumpbag backup list", 2, "x[\\s\\S]*(path|lvm|image|command)")]
    [InlineData("line '[sources.x]\\npath = [\"/a\"]\\nlvm = \"vg/lv\"'; jumpbag backup list", 2, "x[\\s\\S]*lvm")]
    [InlineData("line '[policy]\\nrpo = \"soon\"'; jumpbag backup list", 2, "jumpbag\\.toml:\\d+.*rpo")]
    [InlineData("line '[copies.x]\\ntier = \"middle\"'; jumpbag backup list", 2, "middle[\\s\\S]*near")]
    [InlineData("good; printf '[copies.x]\\nurl = \"%s/near/\"\\npassword-file = \"/k\"\\n' \"$PWD\" >>jumpbag.toml; jumpbag backup list", 2, "jumpbag\\.toml:\\d+.*is the one of 'near' too")]
    [InlineData("line '[policy'; jumpbag backup list", 2, "jumpbag\\.toml:\\d+")]
    public void a_mistake_is_told_with_what_would_mend_it(string script, int status, string errors)
    {
        Assert.SkipWhen(errors.Contains("there is no configuration", StringComparison.Ordinal) && File.Exists("/etc/jumpbag.toml"), "this machine has a configuration");
        ShellResult result = Run(script);
        Assert.True(result.Status == status && result.Output.Length == 0 && Regex.IsMatch(result.Errors, errors), $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
        Assert.Contains("\nhint: ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void what_cannot_be_opened_is_told_copy_by_copy()
    {
        ShellResult result = Run("good; unset FAR; jumpbag backup run; echo $?; rm key; jumpbag backup list 2>&1 | grep -c 'near'; jumpbag backup policy >said; echo $?; grep -c 'cannot be asked' said");
        Assert.Matches("^1\n[1-9]\n1\n2\n$", result.Output);
        Assert.Contains("no repository there", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void a_configuration_is_written_once_and_says_what_is_to_be_filled_in()
    {
        ShellResult result = Run("""
            jumpbag backup init -q --config new/j.toml; echo $?; stat -c %a new/j.toml; grep -c '^#* *\[sources\.' new/j.toml; grep -c '^#' new/j.toml >/dev/null && sha256sum new/j.toml >sum
            jumpbag backup init --config new/j.toml >said 2>&1; echo $?; grep -c 'names no copy' said; sha256sum -c --quiet sum && echo kept
            """);
        Assert.Matches(@"^0\n600\n[1-9]\n1\n1\nkept\n$", result.Output + result.Errors);
    }

    [Theory]
    [InlineData("", @"init[\s\S]*run[\s\S]*status[\s\S]*policy[\s\S]*verify[\s\S]*drill[\s\S]*heal[\s\S]*forget[\s\S]*prune[\s\S]*card[\s\S]*schedule[\s\S]*EXIT STATUS[\s\S]*EXAMPLE")]
    [InlineData("status", @"--prometheus[\s\S]*--record")]
    [InlineData("verify", @"--data[\s\S]*--canary")]
    public void help_names_what_there_is(string verb, string pattern)
    {
        ShellResult result = Run($"jumpbag backup {verb} --help");
        Assert.Equal(0, result.Status);
        Assert.Matches(pattern, result.Output);
    }

    private ShellResult Run(string script) => JumpbagProgram.Bash(folder.Path, Settings + script);
}
