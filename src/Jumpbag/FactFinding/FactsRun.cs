using System.Diagnostics;
using System.Globalization;
using Jumpbag.CommandLine;
using Jumpbag.Commands;
using Jumpbag.Core.Events;
using Jumpbag.Facts;
using Jumpbag.Facts.Running;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Texts;

namespace Jumpbag.FactFinding;

/// <summary>One look at this machine: all probes at once, what they find told as it comes, secrets masked before anyone sees them.</summary>
internal sealed class FactsRun(Session session, FactsOptions options)
{
    private const int MostNamed = 4;

    public FactReport Report { get; } = New(KernelState.Name().Host);

    public static FactReport New(string host) => new() { Host = host, Time = UtcTime.Text(DateTimeOffset.UtcNow), Version = VersionCommand.Number };

    public void Run()
    {
        CancellationToken cancellation = session.CatchSignals();
        long begin = Stopwatch.GetTimestamp();
        Begin();
        var run = new ProbeRun("/proc/self/exe", ProbeChild.Command(options.WithEvidence), options.Budget)
        {
            Saw = Take,
            Ended = result => Take(FactLine.Of(result)),
            Waiting = ShowProgress,
        };
        run.Run(Tasks(), cancellation);
        End(Stopwatch.GetElapsedTime(begin));
    }

    public void Begin() => Tell(Report.Begin());

    public void End(TimeSpan took)
    {
        Report.Seconds = took.TotalSeconds;
        Tell(Report.End());
    }

    /// <summary>Takes in a line from wherever it comes, with its secrets masked.</summary>
    public void Take(FactLine line)
    {
        FactLine masked = Masked(line);
        Report.Add(masked);
        if (line.Type != "evidence")
            Tell(masked);
    }

    /// <summary>What programs and people put on command lines and into logs may hold passwords.</summary>
    public static FactLine Masked(FactLine line) => line with
    {
        Subject = Mask(line.Subject),
        Value = Mask(line.Value),
        Next = Mask(line.Next),
        Source = Mask(line.Source),
        Reason = Mask(line.Reason),
        Text = Mask(line.Text),
    };

    private static string? Mask(string? text) => text is null ? null : Redaction.Text(text);

    private void Tell(FactLine line)
    {
        if (!options.Json)
            return;
        session.Out.Write(line.ToBytes());
        session.Out.Flush();
    }

    private IEnumerable<ProbeTask> Tasks()
    {
        foreach (Probe probe in Probe.All.Where(probe => options.Wants(probe.Name)))
            yield return ProbeTask.Of(probe, probe.Name == "databases" ? options.Servers : []);
        if (options.Wants("filesystems"))
            foreach (ProbeTask mount in ProbeTask.OfMounts(File.ReadAllBytes("/proc/self/mountinfo")))
                yield return mount;
    }

    private void ShowProgress(IReadOnlyList<string> waiting, TimeSpan gone)
    {
        if (waiting.Count == 0 || !options.ShowsProgress)
            return;
        string names = string.Join(", ", waiting.Take(MostNamed)) + (waiting.Count > MostNamed ? $" and {waiting.Count - MostNamed} more" : "");
        string worst = Report.Sorted().FirstOrDefault(fact => fact.Level == FactLevel.Critical) is { } fact ? $"; {Printable.Line(fact.Subject)}: {Printable.Line(fact.Value)}" : "";
        string text = string.Create(CultureInfo.InvariantCulture, $"facts: {gone.TotalSeconds:0.0} s, waiting for {names}{worst}");
        int width = Terminal.Screen.Width() ?? 80;
        session.Events(new ProgressText(text.Length >= width ? text[..(width - 2)] + "…" : text, false));
    }
}
