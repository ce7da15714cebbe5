using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>A command or a step of a plan that was begun and whose end nobody wrote down yet.</summary>
public sealed record Operation(Entry Entry, string Command);

public sealed class OperationList(Labels labels)
{
    private readonly Dictionary<string, Operation> running = [];
    private readonly Dictionary<string, Entry> monitors = [];

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<Operation> Running => [.. running.Values];

    /// <summary>The last result of each check that is still watched, by its label.</summary>
    public IReadOnlyCollection<Entry> Monitors => monitors.Values;

    public void Apply(Entry entry)
    {
        switch (entry.Data)
        {
            case CommandStarted started:
                running[entry.Id] = new(entry, started.Command);
                break;
            case CommandEnded ended:
                running.Remove(ended.Started);
                break;
            case StepStarted started:
                running[entry.Id] = new(entry, started.Command);
                break;
            case StepEnded ended:
                running.Remove(ended.Started);
                break;
            case Monitored monitored:
                if (monitored.First)
                    labels.Add(monitored.Label, entry);
                monitors[monitored.Label + "@" + entry.Host] = entry;
                break;
            case MonitorEnded ended:
                monitors.Remove(ended.Label + "@" + entry.Host);
                break;
        }
    }
}
