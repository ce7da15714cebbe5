namespace Jumpbag.Incident.Journal;

/// <summary>
/// Where the journals of several machines come together. It keeps lines as they are, numbered in the order in which they came. Everything
/// here fails with a <see cref="PlaceException"/>, within the time that was given.
/// </summary>
public interface IEventStore
{
    /// <summary>For messages, so without a password.</summary>
    string Place { get; }

    /// <param name="patience">For all that this session does.</param>
    IStoreSession Connect(TimeSpan patience);

    IStoreWatch Watch();
}

public interface IStoreSession : IDisposable
{
    IReadOnlyList<StoredJournal> Journals();

    /// <summary>The lines of a journal from a number on, in their order.</summary>
    /// <param name="journal">The hash of its first event.</param>
    IReadOnlyList<StoredLine> Read(string journal, long from);

    /// <summary>The same; until <see cref="Commit"/> or the end of this session nobody else adds to the journal.</summary>
    IReadOnlyList<StoredLine> Lock(string journal, long from);

    /// <summary>Adds lines to the journal that is locked. They are on the store's disk when this is back; when it fails nobody knows.</summary>
    /// <param name="number">Of the first.</param>
    void Commit(string journal, long number, IReadOnlyList<Entry> entries);
}

public interface IStoreWatch : IDisposable
{
    /// <summary>Until something was added (true), or that time is over.</summary>
    bool Wait(TimeSpan most);
}

/// <param name="Number">From 1.</param>
/// <param name="Line">Without a newline.</param>
public readonly record struct StoredLine(long Number, ReadOnlyMemory<byte> Line);

/// <param name="First">Its first event; null where that is none.</param>
/// <param name="Last">The number of its last line.</param>
public sealed record StoredJournal(string Journal, Entry? First, long Last);
