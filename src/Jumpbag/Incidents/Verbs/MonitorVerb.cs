using System.CommandLine;
using System.Globalization;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents.Verbs;

/// <summary>jumpbag incident monitor -- COMMAND</summary>
internal static class MonitorVerb
{
    private const int MostOutput = 2000;

    private static readonly Argument<string[]> Words = new("command") { Arity = ArgumentArity.OneOrMore, Description = "a check, behind --; what counts is its exit status and its output" };
    private static readonly Option<string> Every = new("--every") { HelpName = "DURATION", Description = "how often (30s)" };
    private static readonly Option<string> For = new("--for") { HelpName = "DURATION", Description = "end after that" };
    private static readonly Option<int?> Times = new("--times") { HelpName = "N", Description = "end after so many checks" };
    private static readonly Option<string> Deadline = new("--deadline") { HelpName = "DURATION", Description = "how long a check may take (60s)" };
    private static readonly Option<bool> StatusOnly = new("--status-only") { Description = "output that differs is no change" };

    public static Command Make() => IncidentOptions.Make("monitor", Run, Words, Every, For, Times, Deadline, StatusOnly);

    private static int Run(Desk desk)
    {
        string[] words = desk.Parsed.GetRequiredValue(Words);
        string path = Programs.Find(words[0]), shown = Redaction.CommandLine(words);
        TimeSpan every = Option(desk, Every, "--every", 30), deadline = Option(desk, Deadline, "--deadline", 60);
        DateTimeOffset? until = desk.Parsed.GetValue(For) is { } span ? desk.Now + Desk.Duration("--for", span) : null;
        int? times = desk.Parsed.GetValue(Times) is { } most ? most > 0 ? most : throw new UsageException($"--times {most}: not above 0") : null;
        CancellationToken cancelled = desk.Session.CatchSignals();
        string? label = null;
        (int Status, string Output)? last = null;
        int checks = 0, changes = 0;
        while (!cancelled.IsCancellationRequested)
        {
            DateTimeOffset begun = DateTimeOffset.UtcNow;
            (int status, string output) = Check(path, words, deadline);
            checks++;
            if (last is null || last.Value.Status != status || (!desk.Parsed.GetValue(StatusOnly) && last.Value.Output != output))
            {
                bool first = last is null;
                changes += first ? 0 : 1;
                Entry entry = desk.Recorder.Append(state => new Monitored(label ?? state.Labels.Next('M'), shown, status, output, checks, first));
                label = ((Monitored)entry.Data).Label;
                desk.Show(entry);
                desk.Out.Flush();
                last = (status, output);
            }
            if (checks >= times || begun + every > until)
                break;
            cancelled.WaitHandle.WaitOne(TimeSpan.FromTicks(Math.Max(0, (begun + every - DateTimeOffset.UtcNow).Ticks)));
        }
        if (label is not null)
            desk.Show(desk.Recorder.Append(new MonitorEnded(label, shown, checks, changes)));
        return cancelled.IsCancellationRequested ? ExitStatus.Interrupted : desk.Session.Status;
    }

    private static (int Status, string Output) Check(string path, string[] words, TimeSpan deadline)
    {
        long begin = System.Diagnostics.Stopwatch.GetTimestamp();
        TeeRun run = TeeRun.Of(path, words, MostOutput, silent: true, deadline);
        if (run.End.Signal == Signals.Kill && System.Diagnostics.Stopwatch.GetElapsedTime(begin) >= deadline)
            return (run.End.Status, string.Create(CultureInfo.InvariantCulture, $"not done after {deadline.TotalSeconds:0} s"));
        return (run.End.Status, Redaction.Text(run.Output.TrimEnd()));
    }

    private static TimeSpan Option(Desk desk, Option<string> option, string name, int seconds) =>
        desk.Parsed.GetValue(option) is { } text ? Desk.Duration(name, text) : TimeSpan.FromSeconds(seconds);
}
