using System.Diagnostics.CodeAnalysis;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>
/// A row that is too long to be held: its parts go from the thread that reads the dump to the one that sends them, a few at
/// a time. How long it is shows only at its end.
/// </summary>
/// <param name="note">Tells the ledger of so many bytes.</param>
internal sealed class LongRow(Func<long, string> note)
{
    private const int Most = 4;

    private readonly Queue<DumpStatement> parts = new();
    private bool hasEnded;

    /// <summary>Of all parts so far.</summary>
    public long Bytes { get; private set; }

    public string Note => note(Bytes);

    /// <summary>Its last part was handed over; false when the parts have ended: the dump is cut off, or the load was ended.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Hands a part over, which is then released here; false where there is no room for it within a moment.</summary>
    public bool TryAdd(DumpStatement part)
    {
        lock (parts)
        {
            if (parts.Count == Most)
                Monitor.Wait(parts, 200);
            if (parts.Count == Most)
                return false;
            parts.Enqueue(part);
            Bytes += part.Length;
            IsWhole = !part.HasRest;
            hasEnded |= IsWhole;
            Monitor.PulseAll(parts);
            return true;
        }
    }

    /// <summary>No more parts come.</summary>
    public void End()
    {
        lock (parts)
        {
            hasEnded = true;
            Monitor.PulseAll(parts);
        }
    }

    /// <summary>Each part is good until the next one is taken.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Parts()
    {
        while (TryTake(out DumpStatement? part))
        {
            yield return part.Kind == StatementKind.Copy ? part.CopyLines : part.Text;
            // The first one is needed to say where it failed, and is the job's.
            if (part.IsRest)
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

    private bool TryTake([NotNullWhen(true)] out DumpStatement? part)
    {
        lock (parts)
        {
            while (parts.Count == 0 && !hasEnded)
                Monitor.Wait(parts);
            bool taken = parts.TryDequeue(out part);
            Monitor.PulseAll(parts);
            return taken;
        }
    }
}
