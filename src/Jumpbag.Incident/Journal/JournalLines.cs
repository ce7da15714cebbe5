namespace Jumpbag.Incident.Journal;

/// <summary>The lines of a journal's bytes, and what stands behind the last newline.</summary>
public sealed class JournalLines
{
    private JournalLines(IReadOnlyList<ReadOnlyMemory<byte>> whole, ReadOnlyMemory<byte> tail)
    {
        Whole = whole;
        Tail = tail;
    }

    /// <summary>Without their newlines.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Whole { get; }

    /// <summary>Torn, or being written at this moment.</summary>
    public ReadOnlyMemory<byte> Tail { get; }

    public static JournalLines Of(IReadOnlyList<ReadOnlyMemory<byte>> whole) => new(whole, default);

    public static JournalLines Split(ReadOnlyMemory<byte> bytes)
    {
        var whole = new List<ReadOnlyMemory<byte>>();
        while (bytes.Span.IndexOf((byte)'\n') is >= 0 and var end)
        {
            whole.Add(bytes[..end]);
            bytes = bytes[(end + 1)..];
        }
        return new(whole, bytes);
    }

    /// <summary>With the whole lines of others behind its own.</summary>
    public JournalLines With(IEnumerable<JournalLines> others) => new([.. Whole, .. others.SelectMany(other => other.Whole)], Tail);
}
