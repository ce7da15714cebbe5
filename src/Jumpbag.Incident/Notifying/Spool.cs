using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Incident.Notifying;

/// <summary>
/// Messages that wait to be sent, each a file in STATE/notify, until they are sent or a day old; those end in its folder "failed". One
/// sender works at a time.
/// </summary>
public sealed class Spool(string stateFolder, Action<SpooledMessage> send)
{
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private string Folder => Path.Combine(stateFolder, "notify");

    public int Waiting => Files().Count;

    public void Add(string eventId, Hook hook, string text, string payload)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Write(Path.Combine(Folder, $"{eventId}-{hook.Name}.json"), new(hook, text, payload, now, 0, now));
    }

    /// <summary>Sends what is due, again and again, until nothing waits or <paramref name="until"/> has come. False where another sender is at work.</summary>
    public bool SendAll(DateTimeOffset until, Action<SpooledMessage, string> failed, CancellationToken cancelled)
    {
        if (Files().Count == 0)
            return true;
        FileHandle.Open(ByteString.FromArgument(Path.Combine(Folder, "lock")), 0x180, out FileHandle? gate).ThrowIfFailed(Folder);
        using (gate)
        {
            gate!.TryLock(out bool locked).ThrowIfFailed(Folder);
            if (!locked)
                return false;
            while (SendDue(failed, cancelled) is { } next && next < until && !cancelled.IsCancellationRequested)
                cancelled.WaitHandle.WaitOne(TimeSpan.FromTicks(Math.Clamp((next - DateTimeOffset.UtcNow).Ticks, TimeSpan.TicksPerMillisecond * 100, TimeSpan.TicksPerSecond * 5)));
        }
        return true;
    }

    /// <summary>When the next one is due; null where nothing waits.</summary>
    private DateTimeOffset? SendDue(Action<SpooledMessage, string> failed, CancellationToken cancelled)
    {
        DateTimeOffset? next = null;
        foreach (string file in Files())
        {
            if (cancelled.IsCancellationRequested)
                break;
            if (TryRead(file) is not { } message)
            {
                Fail(file);
                continue;
            }
            if (message.Next <= DateTimeOffset.UtcNow && TrySend(file, ref message, failed))
                continue;
            if (File.Exists(file) && (next is null || message.Next < next))
                next = message.Next;
        }
        return next;
    }

    private bool TrySend(string file, ref SpooledMessage message, Action<SpooledMessage, string> failed)
    {
        string error;
        try
        {
            send(message);
            File.Delete(file);
            return true;
        }
        catch (JumpbagException e)
        {
            error = e.Message;
        }
        failed(message, error);
        TimeSpan pause = TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, 2 * Math.Pow(2, Math.Min(message.Attempts, 20))));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        message = message with { Attempts = message.Attempts + 1, Next = now + pause, LastError = error };
        Write(file, message);
        if (now - message.Made > GivesUpAfter)
            Fail(file);
        return false;
    }

    private void Fail(string file)
    {
        string failed = Path.Combine(Folder, "failed");
        Directory.CreateDirectory(failed);
        File.Move(file, Path.Combine(failed, Path.GetFileName(file)), overwrite: true);
    }

    private IReadOnlyList<string> Files() => Directory.Exists(Folder) ? [.. Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal)] : [];

    private static SpooledMessage? TryRead(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), NotifyJson.Default.SpooledMessage);
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null; // It goes to the failed ones, where a person finds it.
        }
    }

    private static void Write(string file, SpooledMessage message) => WholeFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(message, NotifyJson.Default.SpooledMessage));
}
