using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>jumpbag tar as a person meets it; what is in its archives, GNU tar and bsdtar say.</summary>
public sealed class TarCommandTests(DemoDisk disk) : IClassFixture<DemoDisk>
{
    // Every read of the source takes its time, as on a bad disk, so that there is time to look and to interrupt.
    private const string Slowly = "strace -f -qq -o /dev/null -e trace=pread64 -e inject=pread64:delay_enter=30000 \"$BIN\"";

    // Each runs in a fresh folder "o".
    [Theory]
    [InlineData("jumpbag tar -q D:/home | tar -t | LC_ALL=C sort | head -3", "./\n./anna/\n./anna/letters/\n")]
    [InlineData("jumpbag tar -q D:/etc/hosts | tar -xO hosts | wc -c", "37\n")]
    [InlineData("jumpbag tar -q D:/etc/network D:/etc/hosts | bsdtar -tf -", "./\n./interfaces\nhosts\n")]
    [InlineData("jumpbag tar -q -f a.tar D:/etc/network; echo $?; ls; tar -tf a.tar", "0\na.tar\n./\n./interfaces\n")]
    [InlineData("jumpbag tar -q -f - D:/etc/network | tar -t", "./\n./interfaces\n")]
    [InlineData("jumpbag tar -q -v D:/etc/network 2>&1 >/dev/null", "./\n./interfaces\n")]
    [InlineData("echo mine > a.tar; jumpbag tar -q -f a.tar D:/etc/network; echo $?; cat a.tar; ls", "1\nmine\na.tar\n")]
    [InlineData("jumpbag tar -q -f no/such/a.tar D:/etc; echo $?; ls", "1\n")]
    [InlineData("jumpbag tar -q -f a.tar D:/nope; echo $?; ls", "1\n")]
    [InlineData("jumpbag tar -q D:/ D:/ D:/ D:/ D:/ | head -c 512 | wc -c; echo ${PIPESTATUS[0]}", "512\n141\n")]
    [InlineData("jumpbag tar -q; echo $?", "2\n")]
    public void tar_does(string script, string output)
    {
        Require.Tool("bsdtar");
        ShellResult result = disk.Bash("rm -rf o; mkdir o; cd o\n" + script.Replace("D:", "../d.img:", StringComparison.Ordinal));
        Assert.True(output == result.Output, result.Output + "--- errors:\n" + result.Errors);
    }

    [Fact]
    public void an_archive_is_not_written_to_a_terminal()
    {
        Require.Tool("script");
        ShellResult result = disk.Bash("export BIN; script -qec '\"$BIN\" tar d.img:/etc' /dev/null </dev/null; echo status $?");
        Assert.Matches(@"^[^\n]*jumpbag: an archive is not for a terminal\r\nhint: [^\n]* -f[^\n]*\nstatus 2\n$", result.Output);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void an_interrupted_run_with_f_leaves_no_file(string signal)
    {
        Require.Tool("strace");
        // Without job control (set -m) bash starts what is in the background with SIGINT ignored.
        ShellResult result = disk.Bash($"set -m; rm -rf o; mkdir o\n{Slowly} tar -q -f o/a.tar d.img:/ & tracer=$!\n"
            + "for i in $(seq 400); do [ -e o/a.tar.jumpbag-partial ] && break; sleep 0.02; done; ls o\n"
            + $"kill -{signal} $(cat /proc/$tracer/task/$tracer/children); wait $tracer; echo $?; ls -A o");
        Assert.True(result.Output == "a.tar.jumpbag-partial\n130\n", result.Output + result.Errors);
    }

    [Fact]
    public void the_progress_has_totals_and_the_time_to_go()
    {
        Require.Tool("strace");
        ShellResult result = disk.Bash($"{Slowly} tar -q --progress json d.img:/ | tar -t | wc -l");
        Assert.Equal(0, result.Status);
        JsonElement[] told = [.. result.Errors.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.NotEmpty(told);
        // The first line with the totals may come before there is a rate.
        string[] keys = ["filesTotal", "bytesTotal", "remainingSeconds", "bytesPerSecond"];
        JsonElement known = told.FirstOrDefault(line => keys.All(key => line.TryGetProperty(key, out _)));
        Assert.True(known.ValueKind == JsonValueKind.Object, result.Errors);
        Assert.Equal(int.Parse(result.Output, null), known.GetProperty("filesTotal").GetInt32());
        long[] done = [.. told.Select(line => line.GetProperty("filesDone").GetInt64())];
        Assert.Equal(done.Order(), done);
    }

    /// <summary>A loop device over a file that was cut off afterwards: the kernel answers EIO from there on, as for a bad disk.</summary>
    [Fact]
    public void bad_sectors_are_listed_with_their_ranges_and_the_archive_is_whole()
    {
        Require.LoopMounts();
        Require.Tool("bsdtar");
        ShellResult result = disk.Bash("""
            rm -rf o; mkdir -p o/gnu o/bsd; cd o
            head -c 3000000 /dev/urandom > large; echo kept > small; touch -d @5 large small
            truncate -s 64M bad.img; mke2fs -q -F -t ext4 -b 4096 bad.img
            printf 'write small small\nwrite large large\n' | debugfs -w bad.img >/dev/null 2>&1
            first=$(debugfs -R 'blocks /large' bad.img 2>/dev/null | tr ' ' '\n' | sort -n | grep . | sed -n 301p)
            loop=$(losetup --show -f -r bad.img); truncate -s $((first * 4096)) bad.img
            jumpbag tar -q $loop:/ > a.tar; echo status $?
            losetup -d $loop
            tar -xf a.tar -C gnu && bsdtar -xf a.tar -C bsd && cmp gnu/large bsd/large && cmp gnu/small small
            cmp -n $((300 * 4096)) large gnu/large; stat -c %s gnu/large; tail -c +$((300 * 4096 + 1)) gnu/large | tr -d '\0' | wc -c
            """);
        Assert.True(result.Output == "status 3\n3000000\n0\n", result.Output + result.Errors);
        Assert.Matches(@"^damaged: /dev/loop\d+:/large: bytes 1228800-2999999: [^\n]*\n$", result.Errors);
    }
}
