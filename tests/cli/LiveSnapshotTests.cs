using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>What jumpbag snapshot says before it touches anything. That it works is shown in the virtual machine (tests/real/Snapshots).</summary>
public sealed class LiveSnapshotTests(DemoDisk disk) : IClassFixture<DemoDisk>
{
    [Theory]
    [InlineData("snapshot", 2, "no volume is named\nhint: jumpbag snapshot VG/LV -- COMMAND")]
    [InlineData("snapshot -- ls {}", 2, "no volume is named\n")]
    [InlineData("snapshot vg/lv ls {}", 2, "ls: one volume is enough\nhint: the command stands behind --: jumpbag snapshot vg/lv -- ls {}\n")]
    [InlineData("snapshot vg/lv --frob -- ls --all {}", 2, "--frob: no such option\n")]
    [InlineData("snapshot vg/lv --frob", 2, "--frob: no such option\n")]
    [InlineData("snapshot lv -- ls", 2, "lv is not VG/LV\n")]
    [InlineData("snapshot vg/lv --", 2, "there is no command behind --\n")]
    [InlineData("snapshot vg/lv --size 5 -- ls", 2, "--size 5: not a size\nhint: a number and K, M, G or T, such as 5G\n")]
    [InlineData("snapshot vg/lv --size -1G -- ls", 2, "")]
    [InlineData("snapshot vg/lv --size 0G -- ls", 2, "--size 0G: not a size\n")]
    [InlineData("snapshot vg/lv --size G -- ls", 2, "--size G: not a size\n")]
    [InlineData("snapshot vg/lv --size 99999999T -- ls", 2, "--size 99999999T: not a size\n")]
    [InlineData("snapshot vg/lv --partition x -- ls", 2, "--partition x: not a number\n")]
    [InlineData("snapshot list vg/lv", 2, "Unrecognized command or argument 'vg/lv'\nhint: 'jumpbag snapshot list --help' shows what it takes\n")]
    [InlineData("snapshot frob", 2, "frob is not VG/LV\n")]
    public void a_wrong_command_line_is_told(string arguments, int status, string errors)
    {
        ShellResult result = disk.Bash("jumpbag " + arguments);
        Assert.True(result.Status == status && result.Output.Length == 0 && result.Errors.StartsWith("jumpbag: " + errors, StringComparison.Ordinal) && result.Errors.Contains("\nhint: ", StringComparison.Ordinal) | errors.Contains("behind", StringComparison.Ordinal),
            $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
    }

    [Fact]
    public void who_is_not_root_is_told()
    {
        Require.Tool("setpriv");
        string user = Environment.IsPrivilegedProcess ? "setpriv --reuid 65534 --clear-groups " : "";
        foreach (string arguments in new[] { "vg/lv -- ls {}", "list", "clean" })
        {
            ShellResult result = disk.Bash($"cp \"$BIN\" \"$(dirname \"$BIN\")\"/*.dll \"$(dirname \"$BIN\")\"/*.json . 2>/dev/null; chmod 755 .; {user}./jumpbag snapshot {arguments}");
            Assert.Equal((1, "jumpbag: snapshot needs root, as LVM and mounting do\nhint: sudo jumpbag snapshot …\n"), (result.Status, result.Errors));
        }
    }

    [Fact]
    public void help_says_that_the_commands_status_is_passed_on()
    {
        ShellResult result = disk.Bash("jumpbag snapshot --help");
        Assert.Matches(@"list\s+show the snapshots[\s\S]*clean[^\n]*  remove what a crash left[\s\S]*EXIT STATUS[\s\S]*other  what the command ended with[\s\S]*EXAMPLE\n  jumpbag snapshot vg_i7tiny/vm_zoneminder", result.Output);
    }

    /// <summary>LVM's programs are made-up ones that answer what real ones did; the volume is the demo's disk.</summary>
    private const string MadeUp = """
        mkdir -p fake; export PATH=$PWD/fake:$PATH
        printf '%s\n' '#!/bin/sh' 'case "$*" in *vg/none*|*vg/jumpbag_*) echo "  Failed to find logical volume \"vg/none\"" >&2; exit 5;; esac' 'cat report' >fake/lvs
        printf '%s\n' '#!/bin/sh' 'echo "$0 $*" >>called; exit 5' >fake/lvcreate
        cp fake/lvcreate fake/lvremove; chmod +x fake/*; rm -f called order
        row() { echo "{\"vg_name\":\"vg\",\"lv_name\":\"$1\",\"lv_size\":\"134217728\",\"lv_layout\":\"$2\",\"lv_role\":\"public\",\"origin\":\"$3\",\"pool_lv\":\"\",\"lv_tags\":\"$4\",\"lv_active\":\"active\",\"lv_path\":\"$PWD/d.img\",\"lv_kernel_major\":\"-1\",\"lv_kernel_minor\":\"-1\",\"vg_extent_size\":\"4194304\",\"vg_free_count\":\"5\",\"data_percent\":\"\",\"metadata_percent\":\"\",\"lv_time\":\"today\"}"; }
        report() { echo '{"report":[{"lv":['; cat; echo ']}]}'; }

        """;

    [Theory]
    [InlineData("row d linear '' '' | report >report; jumpbag snapshot vg/none -- true", 1, "^$", "^jumpbag: vg/none: LVM knows no such volume\nhint: ")]
    [InlineData("row d linear '' '' | report >report; jumpbag snapshot vg/d --size 21M -- true", 1, "^$", "^jumpbag: vg has 20M \\(5 extents of 4M\\) free, and a snapshot of 24M takes 6 extents\nhint: --size 20M takes all there is\n$")]
    [InlineData("echo nonsense >report; jumpbag snapshot vg/d -- true", 1, "^$", "^jumpbag: lvs: its report cannot be read: ")]
    [InlineData("row d thin,pool '' '' | report >report; jumpbag snapshot vg/d -- true", 4, "^$", "^jumpbag: vg/d is no volume of files")]
    [InlineData("row d linear '' '' | report >report; jumpbag snapshot vg/d -- no-such-program {}; ls called", 2, "^$", "^jumpbag: no-such-program: there is no such program\nhint: ")]
    [InlineData("row d linear '' '' | report >report; jumpbag snapshot vg/d --before 'echo one >>order' --after 'echo two >>order; exit 3' -- true; paste -sd, order", 0, "^one,two\n$", "\njumpbag: lvcreate: exit status 5\n|\njumpbag: vg/jumpbag_d_[^\n]*: --after ")]
    [InlineData("row d linear '' '' | report >report; rm -f order; jumpbag snapshot vg/d --before 'echo one >>order; exit 4' --after 'echo two >>order' -- true; paste -sd, order; ls called", 2, "^one,two\n$", "jumpbag: --before 'echo one >>order; exit 4': exit status 4\n")]
    [InlineData("row d linear '' '' | report >report; jumpbag snapshot vg/d --dry-run --before 'freeze it' --after thaw --mount /mnt/m -- cp -a {}/etc /backup; ls called", 2,
        "^freeze it\nlvcreate --yes --snapshot --name jumpbag_d_[0-9_]+ --size 20971520b --addtag jumpbag\\.snapshot --addtag jumpbag\\.owner=[^ ]+ vg/d\nthaw\nmkdir -p /mnt/m\njumpbag mount /dev/vg/jumpbag_d_[0-9_]+@vg_demo/root /mnt/m\nmount -t ext4 -o ro,nosuid,nodev,loop,offset=1048576,sizelimit=20971520 /dev/vg/jumpbag_d_[0-9_]+ /mnt/m/boot\njumpbag mount /dev/vg/jumpbag_d_[0-9_]+@vg_demo/home /mnt/m/home\ncp -a /mnt/m/etc /backup\numount -R /mnt/m\nlvremove --yes vg/jumpbag_d_[0-9_]+\nrmdir /mnt/m\n$",
        "vg has 20M .* free; the snapshot takes 20M \\(all there is, and less than 20% of the origin's 128M\\)")]
    [InlineData("row d linear '' '' | report >report; jumpbag snapshot vg/d --dry-run --partition 1 --keep", 0, "\nmount -t ext4 -o ro,nosuid,nodev,loop,offset=1048576,sizelimit=20971520 /dev/vg/[^\n]*\n# It stays mounted until you have enough.\numount -R [^\n]*\nrmdir [^\n]*\n$", "")]
    [InlineData("row d linear '' '' | report >report; jumpbag snapshot list", 0, "^$", "^snapshots: there are none of jumpbag's\n$")]
    [InlineData("(row d linear '' ''; echo ,; row s linear d jumpbag.snapshot,jumpbag.owner=elsewhere/b/1/2; echo ,; row t linear d jumpbag.snapshot,jumpbag.kept; echo ,; row u linear d jumpbag.snapshot) | report >report; jumpbag snapshot list; jumpbag snapshot list --json | grep -o '\"state\":\"[a-zA-Z]*\"' | paste -sd,", 0,
        "^Snapshot +Origin +Size +Made +State *\nvg/s +d +128M +today +of elsewhere *\nvg/t +d +128M +today +kept *\nvg/u +d +128M +today +left behind *\n\"state\":\"elsewhere\",\"state\":\"kept\",\"state\":\"leftBehind\"\n$", "^$")]
    [InlineData("(row d linear '' ''; echo ,; row t linear d jumpbag.snapshot,jumpbag.kept; echo ,; row u linear d jumpbag.snapshot) | report >report; jumpbag snapshot clean --dry-run; jumpbag snapshot clean --dry-run vg/t; ls called", 2, "^lvremove --yes vg/u\nlvremove --yes vg/t\n$", "vg/t: kept: it stays\n")]
    [InlineData("row d linear '' '' | report >report; jumpbag snapshot clean vg/d", 1, "^$", "^jumpbag: vg/d is no snapshot that jumpbag made\nhint: ")]
    public void it_says(string script, int status, string output, string errors)
    {
        Require.Root();
        ShellResult result = disk.Bash(MadeUp + script);
        Assert.True(result.Status == status && Regex.IsMatch(result.Output, output) && Regex.IsMatch(result.Errors, errors),
            $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
    }
}
