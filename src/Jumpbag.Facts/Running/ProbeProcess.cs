using System.Diagnostics;
using Jumpbag.Facts.Texts;
using Jumpbag.Host;

namespace Jumpbag.Facts.Running;

/// <summary>One probe that runs: its lines as they come, its end, or its deadline.</summary>
internal sealed class ProbeProcess(ProbeTask task, OutputJob job, Action<FactLine> saw) : IDisposable
{
    /// <summary>All that one probe may say, evidence included.</summary>
    private const int MostOutput = 4 << 20;

    private const int MostFacts = 500;

    /// <summary>On a machine that is starved even the start of a program takes its time; that is no answer that fails to come.</summary>
    private static readonly TimeSpan StartUp = TimeSpan.FromSeconds(10);

    private readonly long begin = Stopwatch.GetTimestamp();
    private readonly byte[] buffer = new byte[32 << 10];
    private readonly LineSplitter lines = new(FactLine.Longest);
    private ProbeResult? said;
    private long? begun;
    private string? at;
    private long bytes;
    private int facts;

    public ProbeTask Task => task;

    public OutputJob Job => job;

    private double Seconds => Stopwatch.GetElapsedTime(begin).TotalSeconds;

    /// <summary>The deadline counts from its first word on.</summary>
    private bool IsLate => begun is { } first ? Stopwatch.GetElapsedTime(first) >= task.Probe.Deadline : Stopwatch.GetElapsedTime(begin) >= task.Probe.Deadline + StartUp;

    private bool HasTooMuch => bytes > MostOutput || facts > MostFacts;

    public void Read()
    {
        for (int count; !HasTooMuch && (count = job.Read(buffer)) > 0;)
        {
            bytes += count;
            foreach (byte[] line in lines.Add(buffer.AsSpan(0, count)))
                Take(line);
        }
    }

    /// <summary>Null while it may go on.</summary>
    public ProbeResult? Finished()
    {
        if (HasTooMuch)
        {
            job.Abandon();
            return Result(ProbeOutcome.Truncated, $"said more than {MostFacts} facts or {MostOutput >> 20} MiB; the rest was left out");
        }
        // Its output may be held open by something that it started, so its own end counts too.
        if (job.End(TimeSpan.Zero) is { } end)
        {
            Read();
            job.Abandon();
            return said is not null ? Result(said.Outcome, said.Reason)
                : Result(ProbeOutcome.Failed, $"{end}{(job.Errors.Trim() is { Length: > 0 } complaint ? ": " + complaint.Split('\n')[0] : "")}");
        }
        return IsLate ? GiveUp() : null;
    }

    /// <summary>Ends it where it can be ended, and goes on where not. That it did not answer is a fact.</summary>
    public ProbeResult GiveUp()
    {
        // What is killed and still there is stuck only if the kernel says so: on a busy machine even dying takes its time.
        bool gone = job.Abandon() || !IsStuck();
        string what = at ?? (task.Wanted is [var wanted] ? wanted : task.Probe.Asks);
        string source = $"{task.Name}, process {job.Id}{(gone ? ", killed" : ", cannot be killed, left behind")}";
        saw(FactLine.Of(new Fact(task.Probe.Name, task.Probe == Probe.Mount ? FactLevel.Critical : FactLevel.Warning, "timeout", what,
            $"no answer in {Math.Ceiling(Seconds):0} s{(gone ? "" : ": it is stuck in the kernel")}", source, NextFor(gone))));
        return Result(ProbeOutcome.Timeout, $"no answer in {Math.Ceiling(Seconds):0} s: {what}");
    }

    public void Dispose() => job.Dispose();

    private string NextFor(bool gone) =>
        task.Probe == Probe.Mount ? "is its server up? 'umount -f -l' lets go of it"
        : gone ? $"jumpbag facts --only {task.Probe.Name}"
        : $"cat /proc/{job.Id}/stack";

    private bool IsStuck()
    {
        try
        {
            return ProcessStat.Parse(File.ReadAllText($"/proc/{job.Id}/stat")) is { State: 'D' };
        }
        catch (IOException)
        {
            return false; // It has ended.
        }
    }

    private void Take(byte[] bytes)
    {
        begun ??= Stopwatch.GetTimestamp();
        if (FactLine.Parse(bytes) is not { } line)
            return;
        switch (line.Type)
        {
            case "at":
                at = line.Text;
                break;
            case "probe":
                said = line.ToResult();
                break;
            default:
                facts += line.Type == "fact" ? 1 : 0;
                saw(line);
                break;
        }
    }

    private ProbeResult Result(ProbeOutcome outcome, string? reason) => new(task.Name, outcome, reason, Seconds);
}
