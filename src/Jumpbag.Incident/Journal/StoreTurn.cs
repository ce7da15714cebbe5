using System.Diagnostics;

namespace Jumpbag.Incident.Journal;

/// <summary>One turn with the store, which may end at any point with the store being away: then the file goes on alone.</summary>
internal sealed class StoreTurn : IDisposable
{
    /// <summary>Who waited so long tells the commands that come next not to try.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(0.5), Pause = TimeSpan.FromSeconds(10);

    private readonly IEventStore store;
    private readonly string path;
    private IStoreSession? session;
    private StorePosition position = StorePosition.None;

    private StoreTurn(IEventStore store, string path) => (this.store, this.path) = (store, path);

    /// <summary>Why it can't be had; null while it can.</summary>
    public PlaceException? Away { get; private set; }

    /// <summary>How many events the store had lost that the copy kept.</summary>
    public int PutBack { get; private set; }

    /// <summary>Connects, which is done before anything is locked; null where there is no store.</summary>
    public static StoreTurn? Begin(IEventStore? store, string path, TimeSpan patience)
    {
        if (store is null)
            return null;
        var turn = new StoreTurn(store, path);
        DateTimeOffset until = StorePosition.Of(path).AwayUntil, now = DateTimeOffset.UtcNow;
        // A clock that was set back must not keep it away for long.
        if (until > now && until <= now + Pause)
            turn.Away = new(store.Place, "it did not answer a moment ago and is tried again soon");
        else
            turn.Try(() => turn.session = store.Connect(patience));
        return turn;
    }

    /// <param name="journal">The hash of the first event; null of a journal that is being opened.</param>
    /// <param name="file">The copy, or null where it can't be written; then <paramref name="entries"/> are all that is known.</param>
    /// <returns>Null where the store is away.</returns>
    public StoreExchange? Look(string? journal, JournalFile? file, IReadOnlyList<Entry>? entries, bool locked)
    {
        if (Away is not null)
            return null;
        StoreExchange? exchange = null;
        Try(() =>
        {
            StorePosition at = StorePosition.Of(path);
            position = file is not null && at.IsIn(file) ? at : StorePosition.None;
            exchange = Compare(journal, file, entries, locked);
            if (exchange is not null)
                return;
            position = StorePosition.None;
            exchange = Compare(journal, file, entries, locked)!;
            PutBack = exchange.Unsent.Count;
        });
        return exchange;
    }

    /// <returns>Whether the store has it all.</returns>
    public bool Send(string journal, StoreExchange exchange)
    {
        if (exchange.Sending.Count > 0)
            Try(() => session!.Commit(journal, exchange.Number, exchange.Sending));
        return Away is null;
    }

    /// <summary>The file is now a copy of all that the store has.</summary>
    public void Remember(JournalFile file, StoreExchange exchange)
    {
        var now = new StorePosition(exchange.Last, exchange.Tip?.Hash ?? EntryLine.Genesis, file.Length, DateTimeOffset.UnixEpoch);
        if (now != position)
            now.Save(path);
    }

    public void Dispose() => session?.Dispose();

    private StoreExchange? Compare(string? journal, JournalFile? file, IReadOnlyList<Entry>? entries, bool locked)
    {
        IReadOnlyList<StoredLine> rows = journal is null ? [] : locked ? session!.Lock(journal, position.Number) : session!.Read(journal, position.Number);
        IReadOnlyList<Entry> copy = entries ?? [.. JournalReader.Entries(JournalLines.Split(file!.ReadFrom(position.Bytes, file.Length)).Whole)];
        return StoreExchange.Of(rows, position, copy);
    }

    private void Try(Action act)
    {
        long begin = Stopwatch.GetTimestamp();
        try
        {
            act();
        }
        catch (PlaceException e)
        {
            Away = e;
            if (Stopwatch.GetElapsedTime(begin) > Long)
                (StorePosition.Of(path) with { AwayUntil = DateTimeOffset.UtcNow + Pause }).Save(path);
        }
    }
}
