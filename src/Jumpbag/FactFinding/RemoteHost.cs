using System.Diagnostics;
using System.Runtime.InteropServices;
using Jumpbag.Core;
using Jumpbag.Facts;
using Jumpbag.Facts.Running;
using Jumpbag.Host;
using Jumpbag.Incident.Texts;

namespace Jumpbag.FactFinding;

/// <summary>One machine that is asked over ssh: its facts as they come, or why there are none, which is a result like any other.</summary>
/// <param name="budget">For its probes.</param>
/// <param name="arguments">What its "facts --json" is told.</param>
internal sealed class RemoteHost(string name, string ssh, TimeSpan budget, string arguments, Action<FactLine> saw) : IDisposable
{
    private const long MostBytes = 16 << 20;

    private static readonly string[] Options =
        ["-C", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=2"];

    private readonly long begin = Stopwatch.GetTimestamp();
    private readonly byte[] buffer = new byte[32 << 10];
    private LineSplitter lines = new(FactLine.Longest);
    private string? absent;
    private bool ended, carrying;
    private long bytes;

    public FactReport Report { get; } = FactsRun.New(name);

    public string Name => name;

    /// <summary>Null while it is not told.</summary>
    public ProbeOutcome? Outcome { get; private set; }

    public string? Reason { get; private set; }

    public OutputJob? Job { get; private set; }

    /// <summary>Remote probes end before this does, so that what they have found arrives.</summary>
    private TimeSpan Deadline => budget + TimeSpan.FromSeconds(8);

    public void Start() => Connect(RemoteScript.Installed(arguments), null);

    /// <summary>Takes what has come. False once it is over.</summary>
    public bool Go()
    {
        if (Job is null)
            return false;
        for (int count; (count = Job.Read(buffer)) > 0 && bytes <= MostBytes;)
        {
            bytes += count;
            foreach (byte[] line in lines.Add(buffer.AsSpan(0, count)))
                Take(line);
        }
        if (bytes > MostBytes)
            return Over(ProbeOutcome.Truncated, $"says more than {MostBytes >> 20} MiB");
        if (Job.End(TimeSpan.Zero) is { } end)
            return Ended(end);
        return Stopwatch.GetElapsedTime(begin) < Deadline || Over(ProbeOutcome.Timeout, $"no answer in {Deadline.TotalSeconds:0} s");
    }

    public void Dispose()
    {
        Job?.Abandon();
        Job?.Dispose();
        Job = null;
    }

    private void Connect(string script, string? input)
    {
        lines = new(FactLine.Longest);
        Job = OutputJob.Start(ssh, ["ssh", .. Options, "--", name, script], ["LC_ALL=C"], input);
    }

    private void Take(byte[] bytes)
    {
        if (FactLine.Parse(bytes) is not { } line)
            return; // What a login's own files print.
        if (line.Type == RemoteScript.Absent)
        {
            absent = line.Text ?? "?";
            return;
        }
        ended |= line.Type == "end";
        FactLine masked = FactsRun.Masked(line) with { Host = name };
        Report.Add(masked);
        saw(masked);
    }

    private bool Ended(JobEnd end)
    {
        if (ended)
            return Over(ProbeOutcome.Ok, null);
        if (absent is not null && !carrying)
            return Carry();
        string complaint = Job!.Errors.Split('\n').Select(line => line.Trim()).LastOrDefault(line => line.Length > 0) ?? end.ToString();
        // 255 is ssh's own.
        return Over(ProbeOutcome.Failed, $"{(end.Code == 255 ? "cannot be reached" : "its jumpbag has failed")}: {Printable.Line(complaint)}");
    }

    /// <summary>Sends this program there, where it is one file that can run there.</summary>
    private bool Carry()
    {
        string here = RuntimeInformation.OSArchitecture switch { Architecture.X64 => "Linux x86_64", Architecture.Arm64 => "Linux aarch64", _ => "" };
        string self = Environment.ProcessPath!;
        if (absent != here)
            return Over(ProbeOutcome.Missing, $"has no jumpbag, and is a machine for which this one is not made ({Printable.Line(absent!)}): carry a fitting one there");
        if (File.Exists(Path.Combine(Path.GetDirectoryName(self)!, "jumpbag.dll")))
            return Over(ProbeOutcome.Missing, "has no jumpbag, and this one is not a single file that could be carried there (a JIT build)");
        carrying = true;
        Job!.Dispose();
        Connect(RemoteScript.Carried(arguments), self);
        return true;
    }

    private bool Over(ProbeOutcome outcome, string? reason)
    {
        (Outcome, Reason) = (outcome, reason);
        Report.Host = name;
        if (Report.Seconds == 0)
            Report.Seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        Dispose();
        return false;
    }
}
