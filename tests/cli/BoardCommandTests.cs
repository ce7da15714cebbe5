using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>jumpbag board as it is typed, started and ended, and its streams.</summary>
public sealed class BoardCommandTests : IDisposable
{
    private const string Begin = "export JUMPBAG_STATE=$PWD/state JUMPBAG_FALLBACK=$PWD/state-fallback SUDO_UID=; open() { jumpbag incident open 'db out of sync' -q 2>/dev/null; }; b() { jumpbag board \"$@\"; }\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private ShellResult Bash(string script) => JumpbagProgram.Bash(folder.Path, Begin + script);

    [Theory]
    [InlineData("b", 1, "^$", "^jumpbag: no incident is open\nhint: 'jumpbag incident open TITLE' opens one")]
    [InlineData("open; b -i no-such", 1, "^$", "^jumpbag: no-such: no such incident\nhint: ")]
    [InlineData("open; b --listen 0.0.0.0:0", 4, "^$", @"^jumpbag: 0\.0\.0\.0:0: others reach that address, and there is no token yet\nhint: 'jumpbag board token add NAME --write'")]
    [InlineData("open; b --listen nonsense", 2, "^$", "^jumpbag: --listen nonsense: no address\nhint: such as 127.0.0.1:8080")]
    [InlineData("open; b --listen 192.0.2.1:7911", 4, "^$", "no token yet")]
    [InlineData("open; b token add x --read -q >/dev/null; b --listen 192.0.2.1:7911", 1, "^$", @"^jumpbag: 192\.0\.2\.1:7911: this machine does not have that address\nhint: ")]
    [InlineData("open; b token add x --read -q >/dev/null; timeout --preserve-status -s INT 5 \"$BIN\" board --listen 0.0.0.0:0", 130, @"^http://\S+:\d+/\n$", "tokens cross the network unencrypted\nhint: [^\n]*TLS[^\n]*\n +caddy reverse-proxy [^\n]*\n[^\n]*\n +location / .*proxy_buffering off[^\n]*\n[^\n]*ssh -L ")]
    [InlineData("b token add ben", 2, "^$", "^jumpbag: one of --read, --write and --host is needed\n$")]
    [InlineData("b token add ben --read --write", 2, "^$", "^jumpbag: one of ")]
    [InlineData("b token add '<b>' --read", 2, "^$", "^jumpbag: <b>: a name has 1 to 64 letters")]
    [InlineData("b token add ben --write", 0, "^jbt_[A-Za-z0-9_-]{43}\n$", "^ben: this token is shown once")]
    [InlineData("b token add ben --read -q >/dev/null; b token add ben --read", 1, "^$", "^jumpbag: ben has a token already\nhint: ")]
    [InlineData("b token add ben --read -q >/dev/null; b token revoke ben; b token revoke ben", 1, "^$", "^ben: its token is good for nothing now\njumpbag: ben: no such token\nhint: ")]
    [InlineData("b token add ben --write --json | tr -d ' \\n' | sed 's/jbt_[A-Za-z0-9_-]*/T/'; b token list --json | grep -c jbt_", 1, "^{\"name\":\"ben\",\"right\":\"write\",\"token\":\"T\"}0\n$", "once")]
    [InlineData("b link", 0, "^http://127.0.0.1:7911/#k=jbt_", @"^link: lets \S+ \((uid|login)\) in, once, within 10 minutes\n$")]
    [InlineData("b link --listen 192.0.2.1:80", 4, "^$", "takes tokens alone")]
    [InlineData("b join http://127.0.0.1:1", 2, "^$", "^jumpbag: --board-token FILE is missing\nhint: ")]
    [InlineData("echo jbt_x >t; b join http://127.0.0.1:1 --board-token t; ls state/board/to", 0, "^$", "^jumpbag: http://127.0.0.1:1: Connection refused\nhint: ")]
    [InlineData("echo jbt_x >t; b join ftp://x --board-token t", 2, "^$", "^jumpbag: a board's address is such as http")]
    [InlineData("b sync", 1, "^$", "^jumpbag: no board was joined\nhint: ")]
    [InlineData("b status; b status --json", 0, @"^\[\]\n$", "^$")]
    [InlineData("b --help | tail -2; b token revoke --help | tail -1; b join --help | tail -1", 0, "EXAMPLE\n  jumpbag board\n  jumpbag board token revoke ben\n  jumpbag board join http://db1:7911", "^$")]
    [InlineData("open; echo x >d; jumpbag pipe -q d --board http://127.0.0.1:1", 0, "^x\n$", "^warning: not written into the incident's journal: http://127.0.0.1:1: there is no token for that board\nhint: ")]
    public void board_says(string script, int status, string output, string errors)
    {
        ShellResult result = Bash(script);
        Assert.True(result.Status == status && Regex.IsMatch(result.Output, output) && Regex.IsMatch(result.Errors, errors),
            $"exit status {result.Status}\n{result.Output}\n--- errors:\n{result.Errors}");
    }

    [Fact]
    public async Task ctrl_c_ends_it_at_once_with_its_streams_and_two_boards_stand_side_by_side()
    {
        string token = Token("rita", "--read");
        using BoardProcess one = BoardProcess.Start(folder.File("state"), "--listen", "127.0.0.1:0"), two = BoardProcess.Start(folder.File("state"), "--listen", "127.0.0.1:0");
        using StreamReader first = await Open(one, token), second = await Open(two, token);
        Assert.Equal("event: update", await first.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("event: update", await second.ReadLineAsync(TestContext.Current.CancellationToken));
        ShellResult taken = Bash("b --listen " + one.Address.Authority);
        Assert.True(taken.Status == 1 && Regex.IsMatch(taken.Errors, @"another program listens there already\nhint: --listen 127\.0\.0\.1:\d+ takes the next port"), taken.Errors);
        var watch = Stopwatch.StartNew();
        Assert.Equal(130, one.End());
        Assert.True(watch.ElapsedMilliseconds < 2500, $"after {watch.ElapsedMilliseconds} ms");
        await first.ReadToEndAsync(TestContext.Current.CancellationToken);
        using HttpClient still = two.Client(token);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await still.GetAsync("api/me", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(130, two.End("TERM"));
    }

    [Fact]
    public async Task a_stream_goes_on_where_it_was_also_after_a_restart_of_the_board()
    {
        string token = Token("rita", "--read");
        string id;
        int port;
        using (var board = BoardProcess.Start(folder.File("state"), "--listen", "127.0.0.1:0"))
        {
            port = board.Address.Port;
            using StreamReader stream = await Open(board, token);
            (id, JsonElement whole) = await Update(stream);
            Assert.True(whole.GetProperty("reset").GetBoolean());
            Bash("jumpbag incident note 'while open' -q");
            (id, JsonElement live) = await Update(stream);
            Assert.False(live.GetProperty("reset").GetBoolean());
            Assert.Equal(["while open"], Texts(live));
            Assert.Equal(live.GetProperty("state").GetProperty("head").GetString(), id);
            board.End();
        }
        Bash("jumpbag incident note 'while down' -q; jumpbag incident correct last 'while it was down' -q");
        using var again = BoardProcess.Start(folder.File("state"), "--listen", $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
        using StreamReader resumed = await Open(again, token, id);
        (_, JsonElement rest) = await Update(resumed);
        Assert.False(rest.GetProperty("reset").GetBoolean());
        Assert.Equal(["corrected: while down, now: while it was down", "while it was down"], Texts(rest).Distinct().Order(StringComparer.Ordinal));
        using StreamReader unknown = await Open(again, token, new string('f', 64));
        Assert.True((await Update(unknown)).Data.GetProperty("reset").GetBoolean());
    }

    [Fact]
    public async Task a_cut_journal_is_told_at_once()
    {
        string token = Token("rita", "--read");
        using var board = BoardProcess.Start(folder.File("state"), "--listen", "127.0.0.1:0");
        using StreamReader stream = await Open(board, token);
        await Update(stream);
        string journal = Directory.GetFiles(folder.File("state/incidents"), "*.ndjson").Single();
        string[] lines = File.ReadAllLines(journal);
        File.WriteAllText(journal, lines[0] + "\n");
        Assert.Contains("cut off", (await Update(stream)).Data.GetProperty("state").GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task many_pages_take_little_memory()
    {
        string token = Token("rita", "--read");
        Bash("for i in $(seq 40); do jumpbag incident note \"$(head -c 3000 /dev/zero | tr '\\0' x)\" -q; done");
        using var board = BoardProcess.Start(folder.File("state"), "--listen", "127.0.0.1:0");
        var streams = new List<StreamReader>();
        for (int i = 0; i < 300; i++)
            streams.Add(await Open(board, token));
        // Nobody reads: what isn't read must not pile up in the board.
        Bash("for i in $(seq 40); do jumpbag incident note \"$(head -c 9000 /dev/zero | tr '\\0' y)\" -q; done");
        (string _, JsonElement _) = await Update(streams[^1]);
        long peak = long.Parse(Regex.Match(File.ReadAllText($"/proc/{board.Id}/status"), @"VmHWM:\s+(\d+) kB").Groups[1].Value, CultureInfo.InvariantCulture) >> 10;
        Assert.True(peak < 256, $"{peak} MiB");
        streams.ForEach(stream => stream.Dispose());
    }

    private string Token(string name, string right)
    {
        ShellResult made = Bash($"open; b token add {name} {right} -q");
        Assert.Equal(0, made.Status);
        return made.Output.Trim();
    }

    private static async Task<StreamReader> Open(BoardProcess board, string token, string? last = null)
    {
        HttpClient client = board.Client(token);
        if (last is not null)
            client.DefaultRequestHeaders.Add("Last-Event-ID", last);
        return new(await client.GetStreamAsync("api/events", TestContext.Current.CancellationToken));
    }

    private static async Task<(string Id, JsonElement Data)> Update(StreamReader stream)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        while (await stream.ReadLineAsync(patience.Token) is { } line)
            if (line == "event: update")
                return ((await stream.ReadLineAsync(patience.Token))!["id: ".Length..], JsonDocument.Parse((await stream.ReadLineAsync(patience.Token))!["data: ".Length..]).RootElement);
        throw new InvalidOperationException("the stream ended");
    }

    private static string?[] Texts(JsonElement update) => [.. update.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("text").GetString())];
}
