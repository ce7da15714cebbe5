using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident run -- COMMAND: the terminal and the exit status are the command's.</summary>
internal static class RunVerb
{
    private const int NotExecutable = 126, NotFound = 127;

    private static readonly Argument<string[]> Words = new("command") { Arity = ArgumentArity.OneOrMore, Description = "any command, behind --" };

    public static Command Make() => IncidentOptions.Make("run", Run, Words);

    private static int Run(Desk desk)
    {
        string[] words = desk.Parsed.GetRequiredValue(Words);
        string shown = Redaction.CommandLine(words);
        // The command must run even where it can't be written down: it may be the one that stops the bleeding.
        Recorder? recorder = null;
        Entry? started = CommandJournal.Guard(desk.Session.Events, () =>
        {
            recorder = desk.Recorder;
            return recorder.Append(new CommandStarted(shown, Environment.ProcessId, CommandJournal.SourcesIn(words[1..]), Environment.CurrentDirectory));
        });
        long begin = Stopwatch.GetTimestamp();
        int status = Execute(words, out string? failure);
        if (started is not null)
        {
            Entry? ended = CommandJournal.Guard(desk.Session.Events, () => recorder!.Append(new CommandEnded(started.Id, shown, status, Math.Round(Stopwatch.GetElapsedTime(begin).TotalSeconds, 3), null, null, failure)));
            // Behind whatever the command printed.
            if (desk.Json && ended is not null)
                desk.Show(ended);
        }
        if (failure is not null)
            desk.Session.Events(new SourceFailed(Printable.Line(words[0]), failure, "is it installed, and in PATH?"));
        return status;
    }

    private static int Execute(string[] words, out string? failure)
    {
        failure = null;
        if (Programs.TryFind(words[0]) is not { } path)
        {
            bool there = File.Exists(words[0]);
            failure = there ? "is not executable" : "no such program";
            return there ? NotExecutable : NotFound;
        }
        try
        {
            using Job child = Job.Start(new(path, [.. words.Select(ByteString.FromArgument)]) { TakesTerminal = true });
            // Ctrl-C is the command's; who ends us ends it, and we write down how it ended.
            using PosixSignalRegistration interrupt = CaughtSignal.Create(PosixSignal.SIGINT, context => context.Cancel = true);
            using PosixSignalRegistration quit = CaughtSignal.Create(PosixSignal.SIGQUIT, context => context.Cancel = true);
            using PosixSignalRegistration terminate = Forward(PosixSignal.SIGTERM, Signals.Terminate, child);
            using PosixSignalRegistration hangup = Forward(PosixSignal.SIGHUP, Signals.Hangup, child);
            while (true)
                if (child.Wait(TimeSpan.FromMinutes(1)) is { } end)
                    return end.Status;
        }
        catch (FailedException e)
        {
            failure = e.Message;
            return NotExecutable;
        }
    }

    private static PosixSignalRegistration Forward(PosixSignal signal, int number, Job child) => CaughtSignal.Create(signal, context =>
    {
        context.Cancel = true;
        child.Signal(number);
    });
}
