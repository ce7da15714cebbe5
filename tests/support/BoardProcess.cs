using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace Jumpbag.Tests.Support;

/// <summary>"jumpbag board" on a state folder, as a person starts it. It is gone when this is disposed, and also when the tests die: the shell around it waits on a pipe that only they hold open.</summary>
public sealed class BoardProcess : IDisposable
{
    private const string Keeper = """
        exec 3<&0
        env --default-signal=INT "$@" </dev/null &
        pid=$!
        echo "pid $pid"
        ( while IFS= read -r _ <&3; do :; done; kill -KILL $pid ) 2>/dev/null &
        keeper=$!
        wait $pid
        echo "status $?"
        kill $keeper 2>/dev/null
        """;

    private readonly Process shell;
    private readonly StringBuilder errors = new();

    private BoardProcess(Process shell) => this.shell = shell;

    /// <summary>Of the program, not of the shell.</summary>
    public int Id { get; private set; }

    /// <summary>As it was printed: on loopback with a code behind the #.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Without the code.</summary>
    public Uri Address => new(Url.Split('#')[0]);

    public string Errors
    {
        get
        {
            lock (errors)
                return errors.ToString();
        }
    }

    public static BoardProcess Start(string state, params string[] options)
    {
        Assert.SkipUnless(File.Exists(JumpbagProgram.Path), "needs the program: dotnet build src/Jumpbag, or JUMPBAG_BIN");
        var start = new ProcessStartInfo("bash", ["-c", Keeper, "bash", JumpbagProgram.Path, "board", .. options]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["JUMPBAG_STATE"] = state;
        start.Environment["JUMPBAG_FALLBACK"] = state + "-fallback";
        start.Environment["SUDO_UID"] = "";
        var board = new BoardProcess(Process.Start(start)!);
        board.shell.ErrorDataReceived += (_, line) =>
        {
            lock (board.errors)
                board.errors.AppendLine(line.Data);
        };
        board.shell.BeginErrorReadLine();
        board.Id = int.Parse(board.shell.StandardOutput.ReadLine()!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        board.Url = board.shell.StandardOutput.ReadLine()!;
        Assert.True(board.Url.StartsWith("http://", StringComparison.Ordinal), board.Url + board.Errors);
        return board;
    }

    /// <summary>A client that shows a key with each request; none where it is null.</summary>
    public HttpClient Client(string? key)
    {
        var client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(20) };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Ends it by a signal: the exit status.</summary>
    public int End(string signal = "INT")
    {
        Shell.Run("kill", "-" + signal, Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        string line = shell.StandardOutput.ReadLine()!;
        return int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        shell.StandardInput.Close();
        shell.WaitForExit(TimeSpan.FromSeconds(10));
        shell.Dispose();
    }
}
