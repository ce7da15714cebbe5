using System.Globalization;
using System.Text.Json;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.SystemdJournal;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Facts;

/// <summary>Files of systemd's journal, in all its forms, as journalctl reads them.</summary>
public sealed class SystemdJournalTests : IDisposable
{
    private static readonly string[] Asked = ["PRIORITY=0", "+", "PRIORITY=1", "+", "PRIORITY=2", "+", "PRIORITY=3", "+", "_TRANSPORT=kernel"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false, "none")]
    [InlineData(true, "none")]
    [InlineData(true, "zstd")]
    [InlineData(false, "zstd")]
    [InlineData(true, "xz")]
    [InlineData(false, "lz4")]
    public void errors_and_what_the_kernel_said_are_those_that_journalctl_shows(bool compact, string compression)
    {
        Require.Tool("journalctl");
        Require.Tool("xz");
        string file = folder.File("system.journal");
        SystemdJournals.Write(file, 4000, compact, compression);
        long second = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 24 * 3600;
        var reader = new JournalReader(new(new LiveFiles(), file, new FileInfo(file).Length));
        JournalEntry[] told = [.. reader.Troubles(DateTimeOffset.FromUnixTimeSeconds(second))];
        JournalEntry[] shown = [.. Shell.Run("journalctl", ["--file", file, "-q", "--all", "-o", "json", "--since", $"@{second.ToString(CultureInfo.InvariantCulture)}", .. Asked])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Shown(JsonDocument.Parse(line).RootElement))];
        Assert.Equal(shown, told);
        Assert.InRange(told.Length, 900, 2000);
        Assert.Equal((0, null), reader.Damage);
        Assert.False(reader.IsTruncated);
    }

    private static JournalEntry Shown(JsonElement line) => new(DateTimeOffset.UnixEpoch.AddMicroseconds(long.Parse(line.Text("__REALTIME_TIMESTAMP"), CultureInfo.InvariantCulture)),
        line.Text("PRIORITY")[0] - '0', line.Text("_TRANSPORT") == "kernel", line.Text("SYSLOG_IDENTIFIER") is { Length: > 0 } name ? name : line.Text("_COMM"), line.Text("MESSAGE"));
}
