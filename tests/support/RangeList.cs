using System.Text;

namespace Jumpbag.Tests.Support;

/// <summary>Byte ranges in ascending order; those that touch are one. Many are shortened to their number and a checksum.</summary>
internal sealed class RangeList
{
    private const int Shown = 40;

    private readonly List<(long Start, long End)> ranges = [];

    public void Add(long start, long end)
    {
        if (ranges.Count > 0 && ranges[^1].End == start)
            ranges[^1] = (ranges[^1].Start, end);
        else
            ranges.Add((start, end));
    }

    public override string ToString()
    {
        var text = new StringBuilder(string.Join(' ', ranges.Take(Shown).Select(range => $"{range.Start}-{range.End}")));
        if (ranges.Count > Shown)
        {
            ulong sum = 0;
            foreach ((long start, long end) in ranges)
                sum = (sum * 0x9E37_79B9_7F4A_7C15) + ((ulong)start * 31) + (ulong)end;
            text.Append($" … {ranges.Count} ranges, checksum {sum:x16}");
        }
        return text.ToString();
    }
}
