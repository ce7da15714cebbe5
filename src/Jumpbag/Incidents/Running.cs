using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents;

/// <summary>
/// How far a running command is: no event, but a small file beside the journal, ID.running/EVENT.json, which is written over once a
/// second and is gone at the end.
/// </summary>
internal sealed class Running(string journal, string eventId)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly string file = ProgressFile.Of(journal, eventId);
    private DateTimeOffset next;

    public void Show(Progress progress)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (now < next)
            return;
        next = now + Pause;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            string beside = file + ".new";
            File.WriteAllBytes(beside, ProgressFile.Bytes(Told(progress, now)));
            File.Move(beside, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody sees how far it is; the journal has its start and will have its end.
            next = DateTimeOffset.MaxValue;
        }
    }

    public void End()
    {
        try
        {
            File.Delete(file);
            Directory.Delete(Path.GetDirectoryName(file)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Never made, or another command's file is in the folder too.
        }
    }

    /// <summary>"$ cp … 38% ETA 0:01:10 (pid 4242 on db3, for 2 min)".</summary>
    public static string Line(Operation operation, string journal, DateTimeOffset now)
    {
        string where = operation.Entry.Host == Environment.MachineName ? "here" : "on " + Printable.Line(operation.Entry.Host);
        string far = IsGone(operation) ? "  ENDED without a word: killed, or the machine went down"
            : ProgressFile.Read(journal, operation.Entry.Id) is { } progress ? "  " + Printable.Line(progress.Line) : "";
        return $"$ {Printable.Line(operation.Command)}{far}  ({Printable.Line(operation.Entry.Author.Name)} {where}, for {TimeWords.Duration(now - operation.Entry.When)})";
    }

    /// <summary>Whether its process was of this machine and is no more.</summary>
    public static bool IsGone(Operation operation) =>
        operation.Entry.Host == Environment.MachineName && operation.Entry.Data is CommandStarted started && !OtherProcess.Runs(started.Pid, operation.Entry.Time);

    private static RunningProgress Told(in Progress progress, DateTimeOffset now) => new(DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()), progress.Activity,
        progress.BytesDone, progress.BytesTotal, progress.FilesDone, progress.FilesTotal, Math.Round(progress.Rate),
        progress.Remaining is { } remaining ? Math.Round(remaining.TotalSeconds, 1) : null, ProgressLine.Text(progress).Trim(),
        (progress.Share ?? (progress.BytesTotal is > 0 ? (double)progress.BytesDone / progress.BytesTotal : progress.FilesTotal is > 0 ? (double)progress.FilesDone / progress.FilesTotal : null)) is { } share
            ? Math.Round(Math.Clamp(share, 0, 1), 4) : null);
}
