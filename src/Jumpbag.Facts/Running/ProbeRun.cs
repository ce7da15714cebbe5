using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Facts.Running;

/// <summary>
/// Runs probes at once, each as a process of its own, and none longer than its deadline. What a probe saw before it got stuck counts.
/// The one that runs them touches nothing that could keep it waiting.
/// </summary>
/// <param name="command">The program and its first arguments, to which those of a probe are added.</param>
/// <param name="budget">For all together: what is not done then is given up.</param>
public sealed class ProbeRun(string program, IReadOnlyList<string> command, TimeSpan budget)
{
    /// <summary>At once. A stuck one costs nothing but its place.</summary>
    private const int MostRunning = 24;

    private const int Tick = 50;

    /// <summary>Told of each fact and evidence as it comes.</summary>
    public Action<FactLine>? Saw { get; init; }

    /// <summary>Told of each probe's end.</summary>
    public Action<ProbeResult>? Ended { get; init; }

    /// <summary>Told some twenty times a second who is still at it, and for how long all of it has gone on.</summary>
    public Action<IReadOnlyList<string>, TimeSpan>? Waiting { get; init; }

    /// <exception cref="OperationCanceledException">All probes were ended.</exception>
    public void Run(IEnumerable<ProbeTask> tasks, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        var ahead = new Queue<ProbeTask>(tasks);
        var running = new List<ProbeProcess>();
        try
        {
            while (running.Count > 0 || ahead.Count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                TimeSpan gone = Stopwatch.GetElapsedTime(begin);
                while (running.Count < MostRunning && gone < budget && ahead.TryDequeue(out ProbeTask? next))
                    Start(next, running);
                OutputJob.WaitAny([.. running.Select(probe => probe.Job)], Tick);
                foreach (ProbeProcess probe in running.ToArray())
                {
                    probe.Read();
                    if ((probe.Finished() ?? (Stopwatch.GetElapsedTime(begin) >= budget ? probe.GiveUp() : null)) is not { } result)
                        continue;
                    running.Remove(probe);
                    probe.Dispose();
                    Ended?.Invoke(result);
                }
                if (gone >= budget)
                    while (ahead.TryDequeue(out ProbeTask? late))
                        Ended?.Invoke(new(late.Name, ProbeOutcome.Timeout, $"not begun: the {budget.TotalSeconds:0} s for all probes were over", 0));
                Waiting?.Invoke([.. running.Select(probe => probe.Task.Name)], gone);
            }
        }
        finally
        {
            foreach (ProbeProcess probe in running)
            {
                probe.GiveUp();
                probe.Dispose();
            }
        }
    }

    private void Start(ProbeTask task, List<ProbeProcess> running)
    {
        try
        {
            OutputJob job = OutputJob.Start(program, [.. command, task.Probe.Name, .. task.Wanted]);
            running.Add(new(task, job, line => Saw?.Invoke(line)));
        }
        catch (FailedException e)
        {
            Ended?.Invoke(new(task.Name, ProbeOutcome.Failed, e.Message, 0));
        }
    }
}
