using System.Buffers.Text;

namespace Jumpbag.FileSystems.Tar;

/// <summary>
/// Which ranges of a file an archive holds, all else being zeros: GNU tar's sparse format 1.0 for pax. The map stands before the
/// data, as decimal numbers on lines of their own: how many ranges, then offset and length of each, padded to 512 bytes.
/// https://www.gnu.org/software/tar/manual/html_node/PAX-1.html
/// </summary>
public sealed class SparseMap
{
    /// <summary>GNU tar takes the data of a range from the start of a block of the archive, other readers from where the last one ended: both are the same for whole blocks.</summary>
    internal const int Unit = 512;

    /// <summary>Further ranges are joined, zeros between them included, so that no image makes the map fill the memory.</summary>
    public const int MostRanges = 1 << 20;

    private readonly List<(long Start, long End)> ranges = [];
    private readonly int most;

    public SparseMap(int most = MostRanges) => this.most = most;

    public IReadOnlyList<(long Start, long End)> Ranges => ranges;

    /// <summary>Of the whole file, holes included.</summary>
    public long FileSize { get; private set; }

    /// <summary>Of all ranges.</summary>
    public long DataLength { get; private set; }

    /// <summary>Whether anything is left out.</summary>
    public bool HasHoles => DataLength < FileSize;

    /// <param name="fileSize">Of the whole file, holes included.</param>
    public void Clear(long fileSize)
    {
        ranges.Clear();
        if (ranges.Capacity > 4096)
            ranges.Capacity = 0;
        FileSize = fileSize;
        DataLength = 0;
    }

    /// <summary>Adds the range [start, end), which must not begin before the last one ended.</summary>
    public void Add(long start, long end)
    {
        start -= start % Unit;
        end = end > FileSize - Unit ? FileSize : (end + Unit - 1) / Unit * Unit;
        if (ranges.Count > 0 && (start <= ranges[^1].End || ranges.Count == most))
        {
            DataLength += Math.Max(0, end - ranges[^1].End);
            ranges[^1] = (ranges[^1].Start, Math.Max(end, ranges[^1].End));
            return;
        }
        ranges.Add((start, end));
        DataLength += end - start;
    }

    /// <summary>Bytes of the map in the archive.</summary>
    public long MapLength()
    {
        long length = 0;
        Format(line => length += line.Length);
        return (length + Unit - 1) / Unit * Unit;
    }

    internal void Write(TarOutput output)
    {
        Format(output.Write);
        output.Pad();
    }

    private void Format(ContentSink line)
    {
        // The last range must end where the file does; an empty one marks the end of a hole.
        bool endsWithHole = ranges.Count == 0 || ranges[^1].End < FileSize;
        Number(ranges.Count + (endsWithHole ? 1 : 0), line);
        foreach ((long start, long end) in ranges)
        {
            Number(start, line);
            Number(end - start, line);
        }
        if (endsWithHole)
        {
            Number(FileSize, line);
            Number(0, line);
        }
    }

    private static void Number(long value, ContentSink line)
    {
        Span<byte> text = stackalloc byte[24];
        Utf8Formatter.TryFormat(value, text, out int count);
        text[count] = (byte)'\n';
        line(text[..(count + 1)]);
    }
}
