using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <param name="Check">Who checked it and when; null while nobody did.</param>
public sealed record ChecklistLine(Entry List, string File, ChecklistItem Item, Entry? Check);

/// <summary>The steps of the runbooks that were brought in.</summary>
public sealed class Checklists
{
    private readonly List<(Entry Entry, ChecklistBrought Data)> lists = [];
    private readonly Dictionary<(string List, string Item), Entry> checks = [];

    public IReadOnlyList<ChecklistLine> Lines =>
        [.. lists.SelectMany(list => list.Data.Items.Select(item => new ChecklistLine(list.Entry, list.Data.File, item, checks.GetValueOrDefault((list.Entry.Id, item.Label)))))];

    public ChecklistLine? Next => Lines.FirstOrDefault(line => line.Check is null);

    public void Apply(Entry entry)
    {
        switch (entry.Data)
        {
            case ChecklistBrought brought:
                lists.Add((entry, brought));
                break;
            case Checked check:
                checks[(check.List.Id, check.Item)] = entry;
                break;
        }
    }
}
