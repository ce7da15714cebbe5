using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Folding;

/// <param name="Lines">The events that have any of the words.</param>
public sealed record SearchHit(IncidentState State, int Score, IReadOnlyList<string> Lines);

public static class IncidentSearch
{
    /// <summary>Null where one of the words occurs nowhere in the incident. A word in the title weighs more, as do cause and summary.</summary>
    public static SearchHit? Look(IncidentState state, IReadOnlyList<string> words)
    {
        var found = new HashSet<string>();
        var lines = new List<string>();
        int score = 0;
        foreach (Entry entry in state.Entries)
        {
            if (state.Corrections.Apply(entry) is not { } now || now.Data is Corrected or Recovered or Merged)
                continue;
            string sentence = now.Data.Sentence;
            string[] here = [.. words.Where(word => sentence.Contains(word, StringComparison.OrdinalIgnoreCase))];
            if (here.Length == 0)
                continue;
            found.UnionWith(here);
            score += here.Length * now.Data switch { Opened or Closed => 10, PhaseStamped or FactFound or Refuted => 3, _ => 1 };
            if (now.Data is not Opened)
                lines.Add(sentence);
        }
        return words.All(found.Contains) ? new(state, score, lines) : null;
    }
}
