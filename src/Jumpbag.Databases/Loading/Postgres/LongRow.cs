using System.Collections.Concurrent;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>
/// A row of a COPY that is too long to be held: its parts go from the thread that reads the dump to the one that sends them, a few at
/// a time. How long it is shows only at its end.
/// </summary>
/// <param name="note">Tells the ledger of so many bytes.</param>
internal sealed class LongRow(Func<long, string> note)
{
    private readonly BlockingCollection<DumpStatement> parts = new(4);

    /// <summary>Of all parts so far.</summary>
    public long Bytes { get; private set; }

    public string Note => note(Bytes);

    /// <summary>Its last part was handed over; false when the parts have ended: the dump is cut off, or the load was ended.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Hands a part over, which is then released here; false where there is no room for it within a moment.</summary>
    public bool TryAdd(DumpStatement part)
    {
        if (!parts.TryAdd(part, 200))
            return false;
        Bytes += part.Length;
        if (part.Part == RowPiece.End)
        {
            IsWhole = true;
            parts.CompleteAdding();
        }
        return true;
    }

    /// <summary>No more parts come.</summary>
    public void End() => parts.CompleteAdding();

    /// <summary>Each part is good until the next one is taken.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Parts()
    {
        foreach (DumpStatement part in parts.GetConsumingEnumerable())
        {
            yield return part.CopyLines;
            // The first one is needed to say where it failed, and is the job's.
            if (part.Part != RowPiece.Start)
                part.Release?.Invoke();
        }
    }

    /// <summary>Takes what nobody wants any more, until its end.</summary>
    public void Discard()
    {
        foreach (ReadOnlyMemory<byte> _ in Parts())
        {
        }
    }
}
