using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <summary>The short names of events: A1, T2. Two machines may have given one twice before their journals were merged.</summary>
public sealed class Labels
{
    /// <summary>A prefix of an id this long tells what is meant; less would be guessed.</summary>
    private const int ShortestId = 12;

    private readonly Dictionary<string, List<Entry>> owners = new(StringComparer.OrdinalIgnoreCase);

    private readonly HashSet<string> withdrawn = new(StringComparer.OrdinalIgnoreCase);

    public void Add(string label, Entry entry)
    {
        if (!owners.TryGetValue(label, out List<Entry>? list))
            owners.Add(label, list = []);
        list.Add(entry);
    }

    /// <summary>Keeps the label of a withdrawn event from being given again: two things of one name would stand in the timeline.</summary>
    public void Reserve(EventData data)
    {
        if (data switch { FactFound fact => fact.Label, Assumed assumed => assumed.Label, TaskSet task => task.Label, PlanMade plan => plan.Label, HandedOff handoff => handoff.Label, Monitored monitored => monitored.Label, _ => null } is { } label)
            withdrawn.Add(label);
    }

    /// <summary>"A3": above all that were given.</summary>
    public string Next(char letter)
    {
        int highest = 0;
        foreach (string label in owners.Keys.Concat(withdrawn))
            if (char.ToUpperInvariant(label[0]) == letter && int.TryParse(label.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                highest = Math.Max(highest, number);
        return string.Create(CultureInfo.InvariantCulture, $"{letter}{highest + 1}");
    }

    /// <summary>"A3", or "A3@db3" where another has that label too.</summary>
    public string Name(string label, Entry entry) => owners.TryGetValue(label, out List<Entry>? list) && list.Count > 1 ? $"{label}@{entry.Host}" : label;

    /// <param name="text">A label, with "@HOST" where there are two, or an id or the beginning of one.</param>
    /// <param name="what">"assumption".</param>
    public Entry Find(string text, char letter, string what)
    {
        string[] parts = text.Split('@', 2);
        List<Entry> found = owners.TryGetValue(parts[0], out List<Entry>? list) && char.ToUpperInvariant(text[0]) == letter
            ? [.. list.Where(entry => parts.Length == 1 || entry.Host == parts[1])] : [];
        if (found.Count == 0 && text.Length >= ShortestId)
            found = [.. owners.Where(owner => char.ToUpperInvariant(owner.Key[0]) == letter).SelectMany(owner => owner.Value)
                .Where(entry => entry.Id.StartsWith(text, StringComparison.OrdinalIgnoreCase))];
        return found.Count switch
        {
            1 => found[0],
            0 => throw new NotFoundException($"{text}: no such {what}", All(letter) is { Length: > 0 } all ? $"there are: {all}" : $"there is no {what} yet"),
            _ => throw new UsageException($"{text}: two machines gave that label", $"say which: {string.Join(", ", found.Select(entry => parts.Length == 1 ? $"{parts[0]}@{entry.Host}" : entry.Id))}"),
        };
    }

    private string All(char letter) => string.Join(", ", owners.Where(owner => char.ToUpperInvariant(owner.Key[0]) == letter)
        .SelectMany(owner => owner.Value.Select(entry => Name(owner.Key, entry))).Take(20));
}
