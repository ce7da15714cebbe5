using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>What fsck says of a command line, and where it does not act. What the checkers do is shown in tests/real/Checking.</summary>
public sealed class FsckTests(DemoDisk disk) : IClassFixture<DemoDisk>
{
    [Theory]
    [InlineData("fsck", 2, "", "jumpbag: no disk or image is named\n")]
    [InlineData("fsck --commit", 2, "", "jumpbag: neither a disk nor an overlay is named\n")]
    [InlineData("fsck --commit --undo d.img", 2, "", "jumpbag: --commit and --undo exclude each other\n")]
    [InlineData("fsck --commit d.img", 1, "", "jumpbag: d.img: has no overlay d.img.jumpbag-overlay\n")]
    [InlineData("fsck --undo d.img@1", 1, "", "jumpbag: d.img@1: has no undo file d.img@1.jumpbag-undo\n")]
    [InlineData("fsck --commit d.img -- -b 8193", 2, "", "jumpbag: --commit and --undo run no checker")]
    [InlineData("fsck d.img@1 d.img@2", 2, "", "jumpbag: d.img@2: one filesystem is checked at a time\n")]
    [InlineData("fsck d.img@1:/etc", 2, "", "jumpbag: d.img@1:/etc: a whole filesystem is checked")]
    [InlineData("fsck d.img@7", 1, "", "jumpbag: d.img has no partition 7\n")]
    [InlineData("fsck --frob d.img", 2, "", "jumpbag: --frob: no such option\n")]
    [InlineData("fsck --type ntfs d.img@1", 2, "", "")]
    [InlineData("fsck --dry-run d.img", 2, "", "jumpbag: d.img has several filesystems\nhint: name one: d.img@1, d.img@vg_demo/root, d.img@vg_demo/home; or --all\n")]
    [InlineData("fsck --dry-run d.img@2", 4, "", "jumpbag: d.img@2: is a physical volume: its filesystems are in the logical volumes\nhint: there are d.img@vg_demo/root, d.img@vg_demo/home\n")]
    [InlineData("fsck --all --overlay o d.img", 2, "", "jumpbag: --overlay FILE is for one filesystem\n")]
    [InlineData("fsck --dry-run d.img@1 -- -v", 0, "e2fsck -f -n -v d.img@1    # on a writable view of d.img@1 (ext2)\nchanges go to a new overlay d.img@1.jumpbag-overlay\n", "")]
    [InlineData("fsck --dry-run --yes --type xfs --overlay o d.img@1", 0, "xfs_repair -f -e d.img@1    # on a writable view of d.img@1 (xfs)\nchanges go to a new overlay o\n", "")]
    [InlineData("ls --overlay none d.img@1:/", 1, "", "jumpbag: none: no such file\n")]
    [InlineData("ls --overlay d.img d.img@1:/", 4, "", "jumpbag: d.img: is not an overlay of jumpbag\n")]
    public void it_says(string arguments, int status, string output, string errors)
    {
        ShellResult result = disk.Bash($"jumpbag {arguments} </dev/null");
        Assert.True(result.Status == status && result.Output == output && result.Errors.StartsWith(errors, StringComparison.Ordinal) && (status == 0 || Regex.IsMatch(result.Errors, "^hint: ", RegexOptions.Multiline)),
            $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
    }

    [Fact]
    public void all_filesystems_are_checked_one_after_the_other_and_told_as_json()
    {
        Require.Tool("e2fsck");
        ShellResult result = disk.Bash("cp d.img all.img; jumpbag fsck --all --yes --json all.img </dev/null 2>errors; echo $?; ls all.img*; sha256sum <d.img >one; sha256sum <all.img | cmp - one && echo untouched; rm -f all.img*");
        Assert.Equal("""
            [{"locator":"all.img@1","format":"ext2","checker":"e2fsck","outcome":"clean","overlay":null,"changedBlocks":0,"changedBytes":0},{"locator":"all.img@vg_demo/root","format":"ext4","checker":"e2fsck","outcome":"clean","overlay":null,"changedBlocks":0,"changedBytes":0},{"locator":"all.img@vg_demo/home","format":"ext4","checker":"e2fsck","outcome":"repaired","overlay":"all.img@vg_demo-home.jumpbag-overlay","changedBlocks":6,"changedBytes":24576}]
            0
            all.img
            all.img@vg_demo-home.jumpbag-overlay
            untouched

            """, result.Output);
    }
}
