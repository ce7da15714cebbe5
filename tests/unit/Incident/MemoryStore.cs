using Jumpbag.Incident.Journal;

namespace Jumpbag.Tests.Unit.Incident;

/// <summary>A store in memory that can be away, or lose its answer before or after it did what was asked.</summary>
internal sealed class MemoryStore : IEventStore
{
    private readonly Dictionary<string, List<byte[]>> journals = [];
    private readonly Lock gate = new();

    public enum Mood
    {
        Well,
        Away,
        LosesTheLook,
        LosesTheCommit,
        LosesTheAnswer,
    }

    public Mood Now { get; set; }

    /// <summary>How long it takes to be away.</summary>
    public TimeSpan Hangs { get; set; }

    public int Connections { get; private set; }

    public string Place => "memory://store";

    public List<byte[]> Lines(string journal) => journals[journal];

    public IStoreSession Connect(TimeSpan patience)
    {
        Connections++;
        Thread.Sleep(Hangs);
        return Now == Mood.Away ? throw new PlaceException(Place, "is away") : new Session(this);
    }

    public IStoreWatch Watch() => throw new PlaceException(Place, "tells nothing");

    private sealed class Session(MemoryStore store) : IStoreSession
    {
        private bool holds;

        public IReadOnlyList<StoredJournal> Journals() => [.. store.journals.Select(one => new StoredJournal(one.Key, EntryLine.Parse(one.Value[0]), one.Value.Count))];

        public IReadOnlyList<StoredLine> Read(string journal, long from)
        {
            if (store.Now == Mood.LosesTheLook)
                throw new PlaceException(store.Place, "lost the look");
            return [.. store.journals.GetValueOrDefault(journal, []).Select((line, i) => new StoredLine(i + 1, line)).Where(row => row.Number >= from)];
        }

        public IReadOnlyList<StoredLine> Lock(string journal, long from)
        {
            store.gate.Enter();
            holds = true;
            return Read(journal, from);
        }

        public void Commit(string journal, long number, IReadOnlyList<Entry> entries)
        {
            if (store.Now == Mood.LosesTheCommit)
                throw new PlaceException(store.Place, "lost the commit");
            if (!store.journals.TryGetValue(journal, out List<byte[]>? lines))
                store.journals.Add(journal, lines = []);
            Assert.Equal(lines.Count + 1, number);
            lines.AddRange(entries.Select(entry => entry.Line.ToArray()));
            if (store.Now == Mood.LosesTheAnswer)
                throw new PlaceException(store.Place, "lost the answer");
        }

        public void Dispose()
        {
            if (holds)
                store.gate.Exit();
        }
    }
}
