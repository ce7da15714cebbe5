using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>A folder with 20 MB in "data" that no pattern compresses, 100,000 lines in "lines", and "five" bytes.</summary>
public sealed class PipeFiles : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public PipeFiles() => Shell.Run("bash", "-c", "cd \"$1\" && head -c 20000001 /dev/urandom >data && seq 100000 >lines && printf hello >five && : >empty", "bash", folder.Path);

    public string Folder => folder.Path;

    public ShellResult Bash(string script) => JumpbagProgram.Bash(Folder, script);

    public void Dispose() => folder.Dispose();
}

/// <summary><c>jumpbag pipe</c> beside pv: every byte arrives whatever is at either end, and what is shown is what pv shows.</summary>
public sealed partial class PipeTests(PipeFiles files) : IClassFixture<PipeFiles>
{
    [Theory]
    [InlineData("jumpbag pipe data | cmp - data")]
    [InlineData("jumpbag pipe <data | cmp - data")]
    [InlineData("cat data | jumpbag pipe | cmp - data")]
    [InlineData("cat data | jumpbag pipe >o; cmp o data")]
    [InlineData("jumpbag pipe data >o; cmp o data")]
    [InlineData("cat data | jumpbag pipe -C | cmp - data")]
    [InlineData("jumpbag pipe -C data >o; cmp o data")]
    [InlineData("jumpbag pipe -l data | cmp - data")]
    [InlineData("cat data | jumpbag pipe -0 | cmp - data")]
    [InlineData("jumpbag pipe -L 40m data | cmp - data")]
    [InlineData("jumpbag pipe -l -L 10m data | cmp - data")]
    [InlineData("cat data | jumpbag pipe - five lines - | cmp - <(cat data five lines)")]
    [InlineData("cp five o; cat data | jumpbag pipe >>o; cmp o <(cat five data)")]
    [InlineData("cp five o; jumpbag pipe data >>o; cmp o <(cat five data)")]
    [InlineData("cp data o; (dd bs=1 count=3 status=none >/dev/null; jumpbag pipe) <o | cmp - <(tail -c +4 data)")]
    [InlineData("head -c 9000000 /dev/zero | jumpbag pipe | cmp - <(head -c 9000000 /dev/zero)")]
    [InlineData("jumpbag pipe -S -s 9000000 /dev/zero | cmp - <(head -c 9000000 /dev/zero)")]
    [InlineData("jumpbag pipe -S -s 777 -l lines | cmp - <(head -n 777 lines)")]
    [InlineData("jumpbag pipe -S -s 12345 data | cmp - <(head -c 12345 data)")]
    [InlineData("jumpbag pipe /proc/self/mountinfo >o; cmp o /proc/self/mountinfo")]
    [InlineData("jumpbag pipe /proc/self/mountinfo | cmp - /proc/self/mountinfo")]
    [InlineData("rm -f p; mkfifo p; cat data >p & jumpbag pipe p | cmp - data")]
    [InlineData("cat data | jumpbag pipe | (sleep 0.2; dd bs=7777 status=none) | cmp - data")]
    [InlineData("jumpbag pipe -q data | jumpbag pipe -q | jumpbag pipe -q | cmp - data")]
    public void every_byte_arrives_in_its_place(string script)
    {
        ShellResult result = files.Bash("set -o pipefail\n" + script);
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
    }

    [Theory]
    [InlineData("splice:error=EINVAL")]
    [InlineData("splice:error=ENOSYS:when=3+")]
    [InlineData("splice:error=EINTR:when=1..5")]
    [InlineData("splice:error=EAGAIN:when=2..6")]
    [InlineData("splice:error=EIO:when=4")]
    [InlineData("splice:retval=0:when=4")]
    public void no_byte_is_lost_where_a_call_within_the_kernel_fails(string fault)
    {
        Require.Tool("strace");
        ShellResult result = files.Bash($"set -o pipefail; cat data | strace -f -o log -e inject={fault} $BIN pipe -q | cmp - data; echo $?; grep -c INJECTED log");
        Assert.Matches("^0\n[1-9]", result.Output);
    }

    [Fact]
    public async Task sockets_are_read_and_written()
    {
        using var sink = new TcpListener(IPAddress.Loopback, 0);
        using var source = new TcpListener(IPAddress.Loopback, 0);
        sink.Start();
        source.Start();
        Task echo = Task.Run(() =>
        {
            using TcpClient sender = sink.AcceptTcpClient();
            using TcpClient receiver = source.AcceptTcpClient();
            sender.GetStream().CopyTo(receiver.GetStream());
        }, TestContext.Current.CancellationToken);
        ShellResult result = files.Bash($"jumpbag pipe -q data >/dev/tcp/127.0.0.1/{Port(sink)} & jumpbag pipe -q </dev/tcp/127.0.0.1/{Port(source)} | cmp - data");
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
        await echo.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [Theory]
    [InlineData("jumpbag pipe nope five", 1, "^hello$", "^jumpbag: nope: no such file or directory\n$")]
    [InlineData("jumpbag pipe . five", 1, "^hello$", "^jumpbag: \\.: is a directory\n$")]
    [InlineData("cp five o; jumpbag pipe o >>o; s=$?; cat o; exit $s", 1, "^hello$", "^jumpbag: o: is the output too\nhint: ")]
    [InlineData("jumpbag pipe data >/dev/full", 1, "^$", "^jumpbag: standard output: no space left on device\n$")]
    [InlineData("jumpbag pipe data >&-", 1, "^$", "^jumpbag: standard output: bad file descriptor\n$")]
    [InlineData("jumpbag pipe <&- | head -c 100; exit ${PIPESTATUS[0]}", 1, "^$", "^jumpbag: standard input: bad file descriptor\n$")]
    [InlineData("yes 2>/dev/null | jumpbag pipe | head -n 1; exit ${PIPESTATUS[1]}", 141, "^y\n$", "^$")]
    [InlineData("jumpbag pipe data | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", 141, "^$", "^$")]
    [InlineData("jumpbag pipe five", 0, "^hello$", "^$")]
    [InlineData("jumpbag pipe -fq five", 0, "^hello$", "^$")]
    [InlineData("jumpbag pipe -f -D 5 five", 0, "^hello$", "^$")]
    [InlineData("jumpbag pipe -f -W empty", 0, "^$", "^$")]
    [InlineData("jumpbag pipe -n -s @data five", 0, "^hello$", "^0\n$")]
    [InlineData("jumpbag pipe -n -s 2 five", 0, "^hello$", "^100\n$")]
    [InlineData("yes 2>/dev/null | jumpbag pipe -S", 2, "^$", "^jumpbag: --stop-at-size: .*\nhint: ")]
    [InlineData("jumpbag pipe -s 5x five", 2, "^$", "^jumpbag: --size: '5x' .*\nhint: ")]
    [InlineData("jumpbag pipe -s @nope five", 1, "^$", "^jumpbag: --size: nope: no such file")]
    [InlineData("jumpbag pipe -L 0 five", 2, "^$", "^jumpbag: --rate-limit: ")]
    [InlineData("jumpbag pipe -i x five", 2, "^$", "^jumpbag: --interval: ")]
    [InlineData("jumpbag pipe -w 0 five", 2, "^$", "^jumpbag: --width: ")]
    public void it_says(string script, int status, string output, string errors)
    {
        ShellResult result = files.Bash(script);
        Assert.True(result.Status == status && Regex.IsMatch(result.Output, output) && Regex.IsMatch(result.Errors, errors),
            $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
    }

    [Theory]
    [InlineData("-f -w 60 five")]
    [InlineData("-f -w 60 data")]
    [InlineData("-f -w 93 -ptebar data")]
    [InlineData("-f -w 93 -N name data")]
    [InlineData("-f -w 60 -l lines")]
    [InlineData("-f -w 60 -l -s 400000 lines")]
    [InlineData("-f -w 60 -s 20 five")]
    [InlineData("-f -w 60 -0 five")]
    [InlineData("-f empty")]
    [InlineData("-fb data")]
    [InlineData("-fp -w 40 data")]
    [InlineData("-fp -w 10 five")]
    [InlineData("-f -w 80 -F 'x%%y|%N|%b|%p|%e|%z' five")]
    [InlineData("-n data five")]
    [InlineData("-nl -s 400000 lines")]
    [InlineData("-nb data")]
    [InlineData("-nlb lines")]
    [InlineData("-nt data")]
    [InlineData("-q -n five")]
    public void it_shows_what_pv_shows(string arguments)
    {
        Require.Tool("pv");
        string shown = Shown("jumpbag pipe"), expected = Shown("pv");
        Assert.Equal(expected, shown);

        string Shown(string program)
        {
            ShellResult result = files.Bash($"{program} {arguments} >/dev/null");
            Assert.Equal(0, result.Status);
            // pv begins a new line by itself where it has drawn; times and rates are never the same twice.
            string text = Times().Replace(result.Errors.Replace("\r\n", "\n", StringComparison.Ordinal), "#");
            string masked = Rates().Replace(text, "[#/s]");
            // Beside a rate, whose length is never the same twice, the bar's follows it.
            return masked == text ? text : Bars().Replace(masked, "[=]");
        }
    }

    [Theory]
    [InlineData("-f -w 60 -i 0.2 -L 50m data", 60)]
    [InlineData("-f -w 100 -i 0.2 -L 50m -N x data", 100)]
    public void each_line_fills_the_width(string arguments, int width)
    {
        string[] lines = files.Bash($"jumpbag pipe {arguments} >/dev/null").Errors.TrimEnd('\n').Split('\r');
        Assert.InRange(lines.Length, 2, 5);
        Assert.All(lines, line => Assert.Equal(width, line.Length));
    }

    [Theory]
    [InlineData("jumpbag pipe -L 10m data >/dev/null", 1.8, 2.4)]
    [InlineData("cat data | jumpbag pipe -L 10m | cat >/dev/null", 1.8, 2.4)]
    [InlineData("jumpbag pipe -L 100k -S -s 150k data >/dev/null", 1.4, 1.9)]
    [InlineData("jumpbag pipe -l -L 50k lines >/dev/null", 1.8, 2.4)]
    [InlineData("jumpbag pipe -L 3 five >/dev/null", 1.2, 2.1)]
    public void a_limit_is_held(string script, double least, double most)
    {
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(0, files.Bash(script).Status);
        // The upper bound leaves a second for a busy machine.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, least, most + 1);
    }

    [Fact]
    public void numbers_come_at_the_interval()
    {
        string[] lines = files.Bash("jumpbag pipe -ntb -i 0.25 -L 20m data >/dev/null").Errors.TrimEnd('\n').Split('\n');
        // A second's worth: never sooner than each quarter, later on a busy machine.
        Assert.InRange(lines.Length, 2, 6);
        Assert.InRange(double.Parse(lines[0].Split(' ')[0], CultureInfo.InvariantCulture), 0.25, 1);
        Assert.EndsWith(" 20000001", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void time_runs_from_the_first_byte_where_it_waits_for_it()
    {
        ShellResult result = files.Bash("(sleep 1.2; cat five; sleep 0.3) | jumpbag pipe -W -nt -i 0.2 -s 5 >/dev/null");
        Assert.Matches(@"^(0\.\d+ 100\n)+$", result.Errors);
    }

    [Fact]
    public void a_terminal_is_drawn_on_and_its_new_width_followed()
    {
        Require.Tool("script");
        ShellResult result = files.Bash("""
            cat >inner <<'END'
            stty cols 90; (sleep 0.9; stty cols 60 </dev/tty) & "$BIN" pipe -i 0.3 -L 10m data >/dev/null; wait
            END
            BIN=$BIN script -qec 'bash inner' /dev/null
            """);
        string[] lines = [.. result.Output.Split('\r').Where(line => line.Contains("/s] [", StringComparison.Ordinal))];
        Assert.Contains(lines, line => line.Length == 90);
        Assert.Equal(60, lines[^1].Length);
    }

    [Fact]
    public void unreadable_places_end_a_copy_or_are_zeros()
    {
        Require.Tool("strace");
        const string run = "head -c 100000 data >d; strace -f -o log -P \"$PWD/d\" -e inject=splice,read:error=EIO:when=1..3 $BIN pipe ";
        ShellResult ends = files.Bash(run + "-q d five");
        Assert.Equal((1, "hello"), (ends.Status, ends.Output));
        Assert.Equal("jumpbag: d: byte 0: input/output error\nhint: --skip-errors goes on behind what cannot be read, with zeros in its place\n", ends.Errors);
        ShellResult skips = files.Bash(run + "-qE d | cat >o; s=${PIPESTATUS[0]}; cmp o <(head -c 12288 /dev/zero; tail -c +12289 d) >&2 && exit $s");
        Assert.Equal((3, "damaged: d: bytes 0-12287: cannot be read; zeros stand for it\n"), (skips.Status, skips.Errors));
    }

    [Fact]
    public void disks_have_a_size_at_either_end()
    {
        Require.LoopMounts();
        ShellResult result = files.Bash("""
            head -c 1M data >disk; device=$(losetup -f --show disk) || exit 9; trap 'losetup -d $device' EXIT
            jumpbag pipe -n $device | cmp - disk; jumpbag pipe -nb -s @$device $device >/dev/null
            yes 2>/dev/null | jumpbag pipe -n >$device; echo $?
            """);
        Assert.Equal((0, "0\n", "100\n1048576\n100\n"), (result.Status, result.Output, result.Errors));
    }

    [GeneratedRegex(@"\[[ 0-9.]+[kMGKiB ]+/s\]")]
    private static partial Regex Rates();

    [GeneratedRegex(@"\d:\d\d:\d\d|\d\.\d{4}(?= )")]
    private static partial Regex Times();

    [GeneratedRegex(@"\[[=<> ]{3,}\]")]
    private static partial Regex Bars();
}
