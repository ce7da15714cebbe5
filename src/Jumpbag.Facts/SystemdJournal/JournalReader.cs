using System.Buffers.Binary;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Facts.Files;

namespace Jumpbag.Facts.SystemdJournal;

/// <summary>
/// Reads a file of systemd's journal as a dead machine left it. What is asked for is found by the file's own index: field → its values → the entries that have it,
/// so a journal of gigabytes costs as much as it holds errors. Nothing in the file is believed: chains go one way only, so that none turns in a circle, and what is
/// damaged costs one entry or one chain.
/// </summary>
public sealed class JournalReader
{
    private const int MostEntries = 20_000, MostOlder = 2_000, MostItems = 1024, MostArrays = 4096, MostValues = 4096, MostMessage = 4 << 10, MostPacked = 1 << 20, MostKept = 20_000, MostFields = 100_000, MostLookedAt = 2_000_000;
    private const int EntryHeader = 64, ArrayHeader = 24, FieldHeader = 40;

    private static readonly string[] Wanted = ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "_COMM", "_TRANSPORT"];

    private readonly PagedFile file;
    private readonly JournalHeader header;

    /// <summary>Data that entries share, by where they lie; null what is not wanted of an entry.</summary>
    private readonly Dictionary<long, (string Field, string Value)?> shared = [];

    /// <exception cref="CorruptException">It is no journal.</exception>
    /// <exception cref="UnsupportedException">It is one of a newer systemd.</exception>
    public JournalReader(PagedFile file)
    {
        this.file = file;
        var start = new byte[JournalHeader.Length];
        file.Read(0, start);
        header = JournalHeader.Parse(start, file.Size);
    }

    private int lookedAt;

    /// <summary>How often something was damaged, and what first.</summary>
    public (int Count, string? First) Damage { get; private set; }

    /// <summary>Whether there was more than is read of one file; the newest were.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Errors (priority 3 and worse) of everyone, and all that the kernel said, in the order in which they were written.</summary>
    public IEnumerable<JournalEntry> Troubles(DateTimeOffset since)
    {
        var offsets = new SortedSet<long>();
        foreach ((long value, string text) in Values("PRIORITY"))
            if (text is "0" or "1" or "2" or "3")
                Collect(value, since, offsets);
        foreach ((long value, string text) in Values("_TRANSPORT"))
            if (text == "kernel")
                Collect(value, since, offsets);
        foreach (long offset in offsets)
            if (Guarded(() => Entry(offset)) is { } entry && entry.Time >= since)
                yield return entry;
    }

    /// <summary>The data objects that begin with a field's name and "=".</summary>
    private List<(long Offset, string Value)> Values(string field)
    {
        var values = new List<(long, string)>();
        Guarded(() =>
        {
            Span<byte> bytes = stackalloc byte[FieldHeader];
            // The newest stands first, so each lies before the one that names it.
            for (long at = FieldHead(field), before = long.MaxValue; at != 0 && values.Count < MostValues; before = at, at = Long(bytes[32..]))
            {
                if (at >= before)
                    throw new CorruptException($"the values of {field} turn in a circle at byte {at}");
                JournalObject data = Open(at, JournalObjectType.Data, DataHeader, bytes);
                if (Text(data, field.Length + 8) is { } text && text.StartsWith(field + "=", StringComparison.Ordinal))
                    values.Add((at, text[(field.Length + 1)..]));
            }
            return true;
        });
        return values;
    }

    /// <summary>Where the values of a field begin; 0 where it has none.</summary>
    private long FieldHead(string name)
    {
        byte[] wanted = Encoding.ASCII.GetBytes(name);
        int fields = 0;
        Span<byte> bucket = stackalloc byte[8], bytes = stackalloc byte[FieldHeader], found = stackalloc byte[wanted.Length];
        for (long i = 0; i < header.FieldBuckets; i++)
        {
            file.Read(header.FieldTable + i * 16, bucket);
            // Fields are added at the end of their chain, so each lies behind the one that names it.
            for (long at = Long(bucket), before = 0; at != 0; before = at, at = Long(bytes[24..]))
            {
                if (at <= before || ++fields > MostFields)
                    throw new CorruptException($"the fields turn in a circle at byte {at}");
                JournalObject field = Open(at, JournalObjectType.Field, FieldHeader, bytes);
                if (field.Size != FieldHeader + wanted.Length)
                    continue;
                file.Read(at + FieldHeader, found);
                if (found.SequenceEqual(wanted))
                    return Long(bytes[32..]);
            }
        }
        return 0;
    }

    /// <summary>The entries that have a value: the first stands with it, the others in arrays, each as long as all before it together.</summary>
    private void Collect(long value, DateTimeOffset since, SortedSet<long> into)
    {
        var arrays = new List<(long First, long Count)>();
        long only = 0;
        Guarded(() =>
        {
            Span<byte> bytes = stackalloc byte[DataHeader];
            Open(value, JournalObjectType.Data, DataHeader, bytes);
            only = Long(bytes[40..]);
            for (long at = Long(bytes[48..]), before = 0; at != 0 && arrays.Count < MostArrays; before = at, at = Long(bytes[16..]))
            {
                if (at <= before)
                    throw new CorruptException($"arrays of entries turn in a circle at byte {at}");
                JournalObject array = Open(at, JournalObjectType.EntryArray, ArrayHeader, bytes[..ArrayHeader]);
                arrays.Add((at + ArrayHeader, (array.Size - ArrayHeader) / ItemSize));
            }
            return true;
        });
        int taken = 0, older = 0;
        for (int i = arrays.Count - 1; i >= 0; i--)
            for (long n = arrays[i].Count - 1; n >= 0; n--)
                if (!Take(Item(arrays[i].First + n * ItemSize)))
                    return;
        Take(only);

        // False where it is enough. Clocks are set back, so an older entry may have newer ones before it.
        bool Take(long entry)
        {
            if (++lookedAt > MostLookedAt)
                return false;
            // An array is made with room for more.
            if (entry == 0)
                return true;
            if (Guarded(() => (DateTimeOffset?)Time(entry)) is not { } time)
                return true;
            if (time < since)
                return ++older < MostOlder;
            into.Add(entry);
            IsTruncated |= ++taken == MostEntries;
            return taken < MostEntries;
        }
    }

    private DateTimeOffset Time(long entry)
    {
        Span<byte> bytes = stackalloc byte[EntryHeader];
        Open(entry, JournalObjectType.Entry, EntryHeader, bytes);
        return DateTimeOffset.UnixEpoch.AddMicroseconds(Math.Clamp(Long(bytes[24..]), 0, 250_000_000_000_000_000));
    }

    private JournalEntry Entry(long offset)
    {
        Span<byte> bytes = stackalloc byte[EntryHeader];
        JournalObject entry = Open(offset, JournalObjectType.Entry, EntryHeader, bytes);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        int size = header.IsCompact ? 4 : 16;
        long items = Math.Min((entry.Size - EntryHeader) / size, MostItems);
        for (long i = 0; i < items; i++)
            if (Guarded(() => Field(Item(offset + EntryHeader + i * size))) is { } field)
                fields.TryAdd(field.Field, field.Value);
        return new(Time(offset), fields.TryGetValue("PRIORITY", out string? priority) && priority is [>= '0' and <= '7'] ? priority[0] - '0' : 6, fields.GetValueOrDefault("_TRANSPORT") == "kernel",
            fields.GetValueOrDefault("SYSLOG_IDENTIFIER") ?? fields.GetValueOrDefault("_COMM") ?? "", fields.GetValueOrDefault("MESSAGE") ?? "");
    }

    private (string Field, string Value)? Field(long offset)
    {
        if (shared.TryGetValue(offset, out (string Field, string Value)? known))
            return known;
        JournalObject data = Open(offset, JournalObjectType.Data, DataHeader, stackalloc byte[DataHeader]);
        (string Field, string Value)? field = null;
        if (Text(data, 32) is { } start && Wanted.FirstOrDefault(name => start.StartsWith(name + "=", StringComparison.Ordinal)) is { } name)
            field = (name, (start.Length < 32 ? start : Text(data, MostMessage)!)[(name.Length + 1)..]);
        if (field?.Field != "MESSAGE" && shared.Count < MostKept)
            shared.Add(offset, field);
        return field;
    }

    private string? Text(JournalObject data, int most)
    {
        var packed = new byte[Math.Min(data.Size - DataHeader, data.Flags == 0 ? most : MostPacked)];
        file.Read(data.Offset + DataHeader, packed);
        return Encoding.UTF8.GetString(JournalPayload.Unpack(data.Flags, packed, most));
    }

    private int DataHeader => header.IsCompact ? 72 : 64;

    private int ItemSize => header.IsCompact ? 4 : 8;

    private long Item(long at)
    {
        Span<byte> bytes = stackalloc byte[8];
        file.Read(at, bytes);
        return header.IsCompact ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : Long(bytes);
    }

    /// <summary>An object's header with what follows it.</summary>
    private JournalObject Open(long offset, JournalObjectType type, int least, Span<byte> into)
    {
        if (offset < header.Size || offset % 8 != 0 || offset > file.Size - least)
            throw new CorruptException($"byte {offset} is no place for an object");
        file.Read(offset, into);
        return JournalObject.Parse(into, offset, file.Size, type, least);
    }

    private T? Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CorruptException e)
        {
            Damage = (Damage.Count + 1, Damage.First ?? e.Message);
            return default;
        }
    }

    private static long Long(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);
}
