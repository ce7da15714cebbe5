using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Board;

/// <summary>Boards of two machines whose incident is in one PostgreSQL store.</summary>
public sealed class BoardStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task boards_of_two_machines_show_each_others_events()
    {
        PostgresServer.Require();
        using var server = new PostgresServer(tcp: true);
        ShellResult Bash(string script) => JumpbagProgram.Bash(folder.Path, $$"""
            U=postgres://postgres@127.0.0.1:{{server.Port.ToString(CultureInfo.InvariantCulture)}}/postgres
            on() { local state=$1; shift; JUMPBAG_STATE=$PWD/$state JUMPBAG_FALLBACK=$PWD/$state-fallback SUDO_UID= "$BIN" "$@"; }

            """ + script);
        ShellResult made = Bash("on a incident open x --store $U -q 2>/dev/null && on b incident use 2 --store $U -q && for m in a b; do on $m board token add ben --write -q; done");
        Assert.True(made.Status == 0, made.Errors);
        string[] tokens = made.Output.Split('\n');
        using BoardProcess first = BoardProcess.Start(folder.File("a"), "--listen", "127.0.0.1:0"), second = BoardProcess.Start(folder.File("b"), "--listen", "127.0.0.1:0");
        using HttpClient a = first.Client(tokens[0]), b = second.Client(tokens[1]);
        Assert.Equal(System.Net.HttpStatusCode.Created, (await a.PostAsJsonAsync("api/note", new { text = "from the first" }, TestContext.Current.CancellationToken)).StatusCode);
        Bash("on b incident note 'from the second' -q");
        foreach (HttpClient board in new[] { a, b })
            for (DateTime end = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(100, TestContext.Current.CancellationToken))
            {
                string[] texts = [.. JsonDocument.Parse(await board.GetStringAsync("api/timeline", TestContext.Current.CancellationToken)).RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("text").GetString()!)];
                if (texts.Contains("from the first") && texts.Contains("from the second"))
                    break;
                Assert.True(DateTime.UtcNow < end, string.Join('\n', texts) + first.Errors + second.Errors);
            }
    }
}
