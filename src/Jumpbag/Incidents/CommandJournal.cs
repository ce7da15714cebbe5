using System.CommandLine;
using System.Diagnostics;
using Jumpbag.Boards;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Incidents;

/// <summary>
/// While an incident is open, every command writes its start and its outcome into the journal. It never makes one fail: what can't be written down
/// is one warning. While none is open it costs a system call or a few.
/// </summary>
internal sealed class CommandJournal
{
    /// <summary>They do nothing to any data, or write into the journal themselves.</summary>
    private static readonly string[] Silent = ["incident", "completion", "version", "demo", "board"];

    private const int MostSources = 20;

    /// <summary>A command that runs others, as demo does, is one command.</summary>
    private static bool isInside;

    private readonly Recorder recorder;
    private readonly EventSink events;
    private readonly Entry started;
    private readonly string command;
    private readonly Running running;
    private readonly long begin = Stopwatch.GetTimestamp();
    private readonly Lock gate = new();
    private long damaged, bytes;
    private string? message;

    private CommandJournal(Recorder recorder, EventSink events, Entry started, string command)
    {
        this.recorder = recorder;
        this.events = events;
        this.started = started;
        this.command = command;
        running = new(recorder.Journal.Path, started.Id);
    }

    /// <summary>Null where no incident is open and no board is meant.</summary>
    public static CommandJournal? Begin(string name, string[] arguments, ParseResult parsed, EventSink events)
    {
        if (isInside)
            return null;
        isInside = true;
        // The part that works on in the background is the same command once more.
        if (Array.IndexOf(Silent, name) >= 0 || Background.IsServer)
            return null;
        string? path = Guard(events, () => Reports.Journal(parsed)) ?? IncidentPlaces.Current();
        if (path is null)
            return null;
        return Guard(events, () =>
        {
            var recorder = new Recorder(IncidentPlaces.Journal(path), events);
            string command = Redaction.CommandLine([.. arguments.Prepend("jumpbag")]);
            Entry started = recorder.Append(new CommandStarted(command, Environment.ProcessId, SourcesIn(arguments[1..]), Environment.CurrentDirectory));
            var journal = new CommandJournal(recorder, events, started, command);
            EventWriter.Observer = journal.Saw;
            return journal;
        });
    }

    public void End(int status)
    {
        EventWriter.Observer = null;
        running.End();
        Guard(events, () => recorder.Append(new CommandEnded(started.Id, command, status, Math.Round(Stopwatch.GetElapsedTime(begin).TotalSeconds, 3),
            Math.Max(bytes, Output.Written) is > 0 and var most ? most : null, damaged > 0 ? damaged : null, message)));
    }

    /// <summary>Does what must not fail a command; a failure is one warning.</summary>
    public static T? Guard<T>(EventSink events, Func<T?> act) where T : class
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is JumpbagException or IOException or UnauthorizedAccessException)
        {
            events(new Warning($"not written into the incident's journal: {e.Message}", "the command goes on; 'jumpbag incident note' can say later what it did"));
            return null;
        }
    }

    /// <summary>The files and devices among the words of a command line, as they are or as locators begin with them, with the serial numbers of disks.</summary>
    public static IReadOnlyList<CommandSource>? SourcesIn(IEnumerable<string> words)
    {
        CommandSource[] found = [.. words.Where(word => word.Length > 0 && word[0] != '-' && !word.Contains("://", StringComparison.Ordinal)).Select(Source).OfType<string>().Distinct().Take(MostSources)
            .Select(path => new CommandSource(Redaction.Text(ByteString.FromArgument(path).ToString()), BlockSerial.Of(path)))];
        return found.Length > 0 ? found : null;
    }

    private static string? Source(string word)
    {
        for (int end = word.Length; end > 0; end = word.LastIndexOfAny(['@', ':'], end - 1))
            if (File.Exists(word[..end]))
                return word[..end];
        return null;
    }

    private void Saw(Event happened)
    {
        lock (gate)
        {
            switch (happened)
            {
                case Progressed update:
                    bytes = Math.Max(bytes, update.Progress.BytesDone);
                    running.Show(update.Progress);
                    break;
                case BytesMoved moved:
                    bytes = Math.Max(bytes, moved.Bytes);
                    break;
                case ProgressText { Progress: { } progress }:
                    bytes = Math.Max(bytes, progress.BytesDone);
                    running.Show(progress);
                    break;
                case FileDamaged or FileFailed or FileNotSaved:
                    damaged++;
                    break;
                case SourceFailed source:
                    message ??= Redaction.Text($"{source.Source}: {source.Reason}");
                    break;
                case CommandFailed failed:
                    message ??= Redaction.Text(failed.Message);
                    break;
            }
        }
    }
}
