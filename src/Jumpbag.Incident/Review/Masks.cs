using System.Globalization;
using System.Text.RegularExpressions;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Incident.Review;

/// <summary>
/// Who and what is called how in a review: people by their roles, since what happened is asked and not who did it; for the public the
/// machines by numbers too.
/// </summary>
public sealed class Masks
{
    /// <summary>Logins that are words too: in texts they stay.</summary>
    private static readonly string[] Words = ["root", "admin", "daemon", "operator", "backup", "mail", "games", "news", "sync", "lead", "ops", "comms"];

    private readonly Dictionary<string, string> people = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> systems = new(StringComparer.OrdinalIgnoreCase);
    private readonly Regex? known;

    private Masks(IncidentState state, bool names, bool isPublic)
    {
        if (!names)
        {
            foreach ((string role, string person) in state.Roles)
                people.TryAdd(person, role);
            foreach (Entry entry in state.Entries)
                foreach (string person in PeopleIn(entry))
                    people.TryAdd(person, string.Create(CultureInfo.InvariantCulture, $"responder {people.Values.Count(value => value.StartsWith("responder ", StringComparison.Ordinal)) + 1}"));
        }
        if (isPublic)
            foreach (Entry entry in state.Entries)
                foreach (string system in entry.Data is Triaged triaged ? new[] { entry.Host, triaged.Patient } : [entry.Host])
                    systems.TryAdd(system, string.Create(CultureInfo.InvariantCulture, $"system {systems.Count + 1}"));
        string[] all = [.. people.Keys.Where(name => name.Length >= 3 && !Words.Contains(name)).Concat(systems.Keys.Where(name => name.Length >= 2)).OrderByDescending(name => name.Length).Select(Regex.Escape)];
        known = all.Length == 0 ? null : new Regex($@"(?<![\p{{L}}\p{{N}}_-])(?:{string.Join('|', all)})(?![\p{{L}}\p{{N}}_-])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10));
    }

    /// <param name="names">Whether people keep their names.</param>
    /// <param name="isPublic">Whether machines lose theirs.</param>
    public static Masks Of(IncidentState state, bool names, bool isPublic) => new(state, names && !isPublic, isPublic);

    public string Person(string name) => people.GetValueOrDefault(name, name);

    public string System(string name) => systems.GetValueOrDefault(name, name);

    /// <summary>A text with the names in it masked too.</summary>
    public string Text(string text) => known is null ? text : known.Replace(text, match =>
        people.FirstOrDefault(person => person.Key.Equals(match.Value, StringComparison.OrdinalIgnoreCase)).Value ?? systems.GetValueOrDefault(match.Value, match.Value));

    private static IEnumerable<string> PeopleIn(Entry entry)
    {
        yield return entry.Author.Name;
        switch (entry.Data)
        {
            case RoleSet role: yield return role.Person; break;
            case TaskSet task: yield return task.Owner; break;
            case TaskMoved { Owner: { } owner }: yield return owner; break;
            case HandedOff handoff: yield return handoff.To; break;
        }
    }
}
