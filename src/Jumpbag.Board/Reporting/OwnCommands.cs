using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Board.Reporting;

/// <summary>The commands of this host that journals tell of as begun and not ended. Each line is looked at once.</summary>
internal sealed class OwnCommands(Func<string, FileJournal> journalOf)
{
    private readonly Dictionary<string, long> followed = [];
    private readonly Dictionary<string, (int Pid, DateTimeOffset Since)> begun = [];

    /// <summary>Whether the process of one of them is there.</summary>
    public bool AnyRuns(IEnumerable<string> journals)
    {
        foreach (string path in journals)
        {
            (IReadOnlyList<Entry> entries, followed[path]) = journalOf(path).ReadFrom(followed.GetValueOrDefault(path));
            foreach (Entry entry in entries.Where(entry => entry.Host == Environment.MachineName))
                if (entry.Data is CommandStarted started)
                    begun[entry.Id] = (started.Pid, entry.Time);
                else if (entry.Data is CommandEnded ended)
                    begun.Remove(ended.Started);
        }
        foreach (string over in begun.Where(one => !OtherProcess.Runs(one.Value.Pid, one.Value.Since)).Select(one => one.Key).ToArray())
            begun.Remove(over);
        return begun.Count > 0;
    }
}
