using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Sources;
using Jumpbag.Core;

namespace Jumpbag.Backup.Writing;

/// <summary>A file of the folder "locks": who works on the repository, since when it was last said.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Locks"</remarks>
internal sealed record LockInfo(DateTimeOffset Time, bool IsExclusive, string Host, string User, int Process)
{
    /// <summary>restic's: who still works says so every few minutes.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(30);

    public static LockInfo Mine(bool isExclusive, DateTimeOffset now) => new(now, isExclusive, ThisMachine.HostName, ThisMachine.UserName, Environment.ProcessId);

    /// <exception cref="CorruptException">It cannot be made out.</exception>
    public static LockInfo Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return new(root.GetProperty("time").GetDateTimeOffset(), root.GetProperty("exclusive").GetBoolean(), Text("hostname"), Text("username"), root.GetProperty("pid").GetInt32());

            string Text(string name) => root.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CorruptException($"it cannot be made out: {e.Message}");
        }
    }

    public byte[] ToJson()
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("time", Time);
            json.WriteBoolean("exclusive", IsExclusive);
            json.WriteString("hostname", Host);
            json.WriteString("username", User);
            json.WriteNumber("pid", Process);
            if (ThisMachine.UserId > 0)
                json.WriteNumber("uid", ThisMachine.UserId);
            if (ThisMachine.GroupId > 0)
                json.WriteNumber("gid", ThisMachine.GroupId);
            json.WriteEndObject();
        }
        return text.WrittenSpan.ToArray();
    }

    /// <summary>Whether nobody is behind it any more: nothing was heard for long, or the process of this machine is gone.</summary>
    public bool IsStale(DateTimeOffset now) => now - Time > StaleAfter || (Host == ThisMachine.HostName && !Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{Process}")));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{User} on {Host}, process {Process}, {Time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
}
