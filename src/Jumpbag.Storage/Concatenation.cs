using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>Devices one after the other, as one: the segments of a logical volume, the members of a linear array.</summary>
public sealed class Concatenation : BlockDevice
{
    private const string Beyond = "beyond the end of the volume";

    private readonly BlockDevice[] parts;

    /// <summary>Where each part begins; ascending.</summary>
    private readonly long[] starts;

    /// <exception cref="CorruptException">Together the parts are longer than any device can be.</exception>
    public Concatenation(IEnumerable<BlockDevice> devices)
    {
        parts = [.. devices.Where(device => device.Length > 0)];
        starts = new long[parts.Length];
        long length = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            starts[i] = length;
            if (parts[i].Length > long.MaxValue - length)
                throw new CorruptException($"a device of more than {length} and {parts[i].Length} bytes is claimed");
            length += parts[i].Length;
        }
        Length = length;
        SectorSize = parts.Length == 0 ? 512 : parts.Max(part => part.SectorSize);
        RequestSize = parts.Length == 0 ? base.RequestSize : parts.Max(part => part.RequestSize);
    }

    public override long Length { get; }

    public override int SectorSize { get; }

    public override int RequestSize { get; }

    public override bool IsWhole => Array.TrueForAll(parts, part => part.IsWhole);

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(offset, destination.Length, Beyond);
        for (int part = PartAt(offset); !destination.IsEmpty; part++)
        {
            long within = offset - starts[part];
            int count = (int)Math.Min(destination.Length, parts[part].Length - within);
            try
            {
                parts[part].Read(within, destination[..count]);
            }
            catch (UnreadableException e)
            {
                throw new UnreadableException(e.Offset + starts[part], e.Length, e.Reason);
            }
            offset += count;
            destination = destination[count..];
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => Pieces(offset, length).Merged();

    private IEnumerable<Extent> Pieces(long offset, long length)
    {
        long end = offset + Math.Clamp(Length - offset, 0, length), at = offset;
        for (int part = PartAt(offset); at < end; part++)
        {
            long start = starts[part], count = Math.Min(end, start + parts[part].Length) - at;
            foreach (Extent extent in parts[part].Extents(at - start, count))
                yield return extent with { Offset = extent.Offset + start };
            at += count;
        }
        if (at < offset + length)
            yield return new(at, offset + length - at, ExtentKind.Unreadable, Reason: Beyond);
    }

    /// <summary>The part that holds the byte; the last one where it lies past the end.</summary>
    private int PartAt(long offset)
    {
        int index = Array.BinarySearch(starts, offset);
        return index >= 0 ? index : Math.Max(0, ~index - 1);
    }
}
