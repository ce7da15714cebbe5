using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>Where an incident is now: all that follows from its events.</summary>
public sealed class IncidentState
{
    private readonly Dictionary<string, string> roles = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Entry> notes = [];

    private IncidentState(IReadOnlyList<Entry> entries, Corrections corrections, Entry open, Opened opened)
    {
        Entries = entries;
        Corrections = corrections;
        Opening = open;
        (Opened, Severity) = (opened, opened.Severity);
        Labels = new();
        Evidence = new(Labels);
        Tasks = new(Labels);
        Plans = new(Labels, Evidence);
        Handoffs = new(Labels);
        Checklists = new();
        Operations = new(Labels);
        Updates = new(opened.UpdateMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null);
    }

    /// <summary>As they were written, in the order of their ids.</summary>
    public IReadOnlyList<Entry> Entries { get; }

    public Corrections Corrections { get; }

    public Entry Opening { get; }

    public Opened Opened { get; private set; }

    public int Severity { get; private set; }

    /// <summary>Null while it is open.</summary>
    public Entry? Closing { get; private set; }

    public Labels Labels { get; }

    /// <summary>Role and person, in the order in which they came.</summary>
    public IReadOnlyDictionary<string, string> Roles => roles;

    public PhaseClock Phases { get; } = new();

    public TriageList Triage { get; } = new();

    public Evidence Evidence { get; }

    public TaskList Tasks { get; }

    public PlanList Plans { get; }

    public HandoffList Handoffs { get; }

    public Checklists Checklists { get; }

    public OperationList Operations { get; }

    public UpdateClock Updates { get; }

    public IReadOnlyList<Entry> Notes => notes;

    /// <summary>How the backups stood when somebody last looked; null where nobody did.</summary>
    public Entry? Backups { get; private set; }

    /// <summary>The hash that is kept outside, to see later whether the end of the journal was cut off.</summary>
    public string Head => Entries[^1].Hash;

    /// <exception cref="CorruptException">It does not begin with an opening that this version can read.</exception>
    public static IncidentState Of(IReadOnlyList<Entry> entries, string path)
    {
        Entry[] ordered = [.. entries.OrderBy(entry => entry.Id, StringComparer.Ordinal)];
        if (ordered.Length == 0)
            throw new CorruptException($"{path}: holds no event", "'jumpbag incident verify' tells what is wrong with it");
        if (ordered.Select(entry => entry.Data).OfType<Opened>().FirstOrDefault() is not { } opened)
            throw new CorruptException($"{path}: the event that opened it is missing", "'jumpbag incident verify' tells what is wrong with it");
        if (opened.Format > Opened.CurrentFormat)
            throw new UnsupportedException($"{path}: its format is {opened.Format}, of a newer version", "take a newer jumpbag; the file itself is readable with less");
        var corrections = Corrections.Of(ordered);
        Entry opening = ordered.First(entry => entry.Data is Opened);
        var state = new IncidentState(ordered, corrections, opening, opened);
        foreach (Entry entry in ordered)
            if (corrections.Apply(entry) is { } effective)
                state.Apply(effective);
            else
                state.Labels.Reserve(entry.Data);
        return state;
    }

    private void Apply(Entry entry)
    {
        switch (entry.Data)
        {
            case Opened opened: Opened = opened; break;
            case Closed: Closing = entry; break;
            case Reopened: Closing = null; break;
            case SeveritySet severity: Severity = severity.Severity; break;
            case RoleSet role: roles[role.Role] = role.Person; break;
            case Accepted accepted: roles[accepted.Role] = entry.Author.Name; break;
            case Noted: notes.Add(entry); break;
            case BackupsSeen: Backups = entry; break;
        }
        Phases.Apply(entry);
        Triage.Apply(entry);
        Evidence.Apply(entry);
        Tasks.Apply(entry);
        Plans.Apply(entry);
        Handoffs.Apply(entry);
        Checklists.Apply(entry);
        Operations.Apply(entry);
        Updates.Apply(entry);
    }
}
