using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>Something that one person does by a time; a follow-up outlives the incident.</summary>
public sealed class IncidentTask(Entry entry, TaskSet data)
{
    public Entry Entry => entry;

    public string Label => data.Label;

    public string Text => data.Text;

    public bool IsFollowUp => data.FollowUp;

    public string Owner { get; internal set; } = data.Owner;

    public DateTimeOffset Due { get; internal set; } = data.Due;

    /// <summary>What ended it; null while it is open.</summary>
    public Entry? End { get; internal set; }

    public bool IsOpen => End is null;

    public bool IsDropped => End?.Data is TaskDone { Dropped: true };
}

public sealed class TaskList(Labels labels)
{
    private readonly Dictionary<string, IncidentTask> tasks = [];

    /// <summary>By deadline.</summary>
    public IReadOnlyList<IncidentTask> All => [.. tasks.Values.OrderBy(task => task.Due)];

    public IEnumerable<IncidentTask> Open => All.Where(task => task.IsOpen);

    public string Name(IncidentTask task) => labels.Name(task.Label, task.Entry);

    public IncidentTask Of(Entry entry) => tasks[entry.Id];

    public void Apply(Entry entry)
    {
        switch (entry.Data)
        {
            case TaskSet set:
                labels.Add(set.Label, entry);
                tasks[entry.Id] = new(entry, set);
                break;
            case TaskMoved moved when tasks.TryGetValue(moved.Task.Id, out IncidentTask? task):
                task.Owner = moved.Owner ?? task.Owner;
                task.Due = moved.Due ?? task.Due;
                break;
            case TaskDone done when tasks.TryGetValue(done.Task.Id, out IncidentTask? task):
                task.End = entry;
                break;
        }
    }
}
