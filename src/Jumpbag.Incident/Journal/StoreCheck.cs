namespace Jumpbag.Incident.Journal;

/// <summary>
/// Looks whether the store has what was written, as <see cref="ChainCheck"/> does of a file; and this machine's copy knows what the store had, so
/// a tail that was cut off shows too.
/// </summary>
public sealed class StoreCheck
{
    private readonly List<string> problems = [];

    private StoreCheck(ChainCheck chain, int unsent) => (Chain, Unsent) = (chain, unsent);

    public ChainCheck Chain { get; }

    /// <summary>Events of this machine that the store is still to get.</summary>
    public int Unsent { get; }

    public IReadOnlyList<string> Problems => problems;

    /// <exception cref="PlaceException">The store can't be had.</exception>
    public static StoreCheck Of(FileJournal journal, TimeSpan patience)
    {
        if (journal.Store is not { } store || journal.FirstHash is not { } first)
            throw new PlaceException(journal.Path, "no store is known of it");
        IReadOnlyList<StoredLine> rows;
        using (IStoreSession session = store.Connect(patience))
            rows = session.Read(first, 1);
        var stored = new HashSet<string>(rows.Select(row => EntryLine.HashOf(row.Line.Span)).OfType<string>());
        long synced = StorePosition.Of(journal.Path).Bytes, at = 0;
        var lost = new List<Entry>();
        int unsent = 0;
        foreach (ReadOnlyMemory<byte> line in JournalLines.Split(JournalReader.TryReadBytes(journal.Path) ?? []).Whole)
        {
            at += line.Length + 1;
            if (EntryLine.Parse(line) is not { } entry || stored.Contains(entry.Hash))
                continue;
            if (at <= synced)
                lost.Add(entry);
            else
                unsent++;
        }
        var check = new StoreCheck(ChainCheck.Of(JournalLines.Of([.. rows.Select(row => row.Line)])), unsent);
        check.problems.AddRange(check.Chain.Problems.Select(problem => problem.ToString()));
        for (int i = 0; i < rows.Count; i++)
            if (rows[i].Number != i + 1)
            {
                check.problems.Add($"line {i + 1} is missing: the next has the number {rows[i].Number}");
                break;
            }
        if (lost.Count > 0)
            check.problems.Add($"{lost.Count} {(lost.Count == 1 ? "event" : "events")} that it had, from {lost[0].Id} on, {(lost.Count == 1 ? "is" : "are")} missing there: cut off, taken out or changed; this machine's copy has {(lost.Count == 1 ? "it" : "them")}");
        return check;
    }
}
