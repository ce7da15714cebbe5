using Jumpbag.Core;
using Jumpbag.Storage.Lvm.Format;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// One metadata area of a physical volume: a header and a ring buffer in which each change of the volume group left its
/// text behind the one before.
/// </summary>
internal sealed class MetadataArea
{
    /// <summary>LVM's own areas are of 1 MiB; larger texts and rings than this are not read.</summary>
    public const int MaxText = 8 << 20, MaxRing = 32 << 20;

    private const int Sector = 512;

    private readonly BlockDevice device;
    private readonly long start;
    private readonly long size;
    private readonly MetadataAreaHeader header;
    private readonly JumpbagException? failure;

    private MetadataArea(BlockDevice device, long start, long size, MetadataAreaHeader header, JumpbagException? failure)
    {
        this.device = device;
        this.start = start;
        this.size = size;
        this.header = header;
        this.failure = failure;
    }

    /// <summary>For messages: "the metadata area at byte 4096".</summary>
    public string Name => $"the metadata area at byte {start}";

    /// <summary>What is wrong with the header shows when the text is asked for; the ring may be of use all the same.</summary>
    public static MetadataArea Open(BlockDevice device, DiskLocation place)
    {
        Span<byte> sector = stackalloc byte[MetadataAreaHeader.Length];
        try
        {
            device.Read(place.Offset, sector);
            var header = MetadataAreaHeader.Parse(sector, place.Offset);
            return new(device, place.Offset, header.Size, header, null);
        }
        catch (JumpbagException e) when (e is CorruptException or UnsupportedException or UnreadableException)
        {
            return new(device, place.Offset, place.Size, default, e);
        }
    }

    /// <summary>The current text; null where there is none, or the area is marked as ignored and so not kept up to date.</summary>
    /// <exception cref="CorruptException">A checksum is wrong, or the header.</exception>
    /// <exception cref="UnsupportedException">It is of another version, or larger than <see cref="MaxText"/>.</exception>
    /// <exception cref="UnreadableException">It cannot be read.</exception>
    public byte[]? ReadText()
    {
        if (failure is not null)
            throw failure;
        if (header.TextSize == 0 || header.IsIgnored)
            return null;
        if (header.TextSize > MaxText)
            throw new UnsupportedException($"its text has {header.TextSize} bytes; at most {MaxText} are supported");
        var text = new byte[header.TextSize];
        int first = (int)Math.Min(text.Length, header.Size - header.TextOffset);
        device.Read(start + header.TextOffset, text.AsSpan(0, first));
        device.Read(start + MetadataAreaHeader.Length, text.AsSpan(first));
        uint computed = LvmChecksum.Of(text);
        return computed == header.TextChecksum
            ? text
            : throw new CorruptException($"its text's checksum is 0x{header.TextChecksum:x8} and should be 0x{computed:x8}");
    }

    /// <summary>
    /// Every text in the ring that begins at a sector, has its end, and was not overwritten in between. No checksum tells
    /// whether it is whole: LVM keeps one for the current text only.
    /// </summary>
    public IEnumerable<byte[]> OlderTexts()
    {
        long ringSize = Math.Min(Math.Min(size, device.Length - start) - Sector, MaxRing) / Sector * Sector;
        if (ringSize <= 0)
            yield break;
        byte[] ring = ReadAround(start + Sector, (int)ringSize);
        for (int at = 0; at < ring.Length; at += Sector)
            if (IsStart(ring.AsSpan(at)) && TextAt(ring, at) is { } text)
                yield return text;
    }

    private static byte[]? TextAt(byte[] ring, int begin)
    {
        // Sector by sector to the one with the NUL that ends the text. A start in between belongs to a later text that
        // overwrote this one's tail.
        var text = new List<byte>();
        for (int i = 0; i < ring.Length && text.Count < MaxText; i += Sector)
        {
            ReadOnlySpan<byte> sector = ring.AsSpan((begin + i) % ring.Length, Sector);
            if (i > 0 && IsStart(sector))
                return null;
            int end = sector.IndexOf((byte)0);
            text.AddRange(end < 0 ? sector : sector[..end]);
            if (end >= 0)
                return [.. text];
        }
        return null;
    }

    /// <summary>A text begins with the volume group's name (at most 127 bytes) and its UUID.</summary>
    private static bool IsStart(ReadOnlySpan<byte> data) => data[..Math.Min(data.Length, 160)].IndexOf(" {\nid = \""u8) is > 0 and < 128;

    /// <summary>Sectors that cannot be read are zeros, so that a text in them is not taken for whole.</summary>
    private byte[] ReadAround(long offset, int length)
    {
        const int Piece = 64 << 10;
        var data = new byte[length];
        for (int at = 0; at < length; at += Piece)
        {
            int count = Math.Min(Piece, length - at);
            if (TryRead(offset + at, data.AsSpan(at, count)))
                continue;
            for (int i = at; i < at + count; i += Sector)
                TryRead(offset + i, data.AsSpan(i, Sector));
        }
        return data;
    }

    private bool TryRead(long offset, Span<byte> destination)
    {
        try
        {
            device.Read(offset, destination);
            return true;
        }
        catch (UnreadableException)
        {
            destination.Clear();
            return false;
        }
    }
}
