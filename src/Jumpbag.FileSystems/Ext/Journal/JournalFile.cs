using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// The journal's inode as a device. Its extents are looked up once: a replay reads from it all over the place, and whatever
/// the filesystem's own structures become by the replay must not move it.
/// </summary>
internal sealed class JournalFile : BlockDevice
{
    /// <summary>Of a journal in single blocks, the largest that is replayed.</summary>
    private const int MaxExtents = 2 * 1024 * 1024;

    private readonly BlockDevice device;
    private readonly long[] starts;
    private readonly long[] places;

    private JournalFile(BlockDevice device, long length, long[] starts, long[] places)
    {
        this.device = device;
        Length = length;
        this.starts = starts;
        this.places = places;
    }

    public override long Length { get; }

    /// <exception cref="CorruptException">It has a hole, or its extents are damaged.</exception>
    public static JournalFile Open(FileSystem fileSystem, Node file)
    {
        var starts = new List<long>();
        var places = new List<long>();
        long end = 0;
        foreach (FileExtent extent in fileSystem.Extents(file, 0, _ => { }))
        {
            if (extent.Kind != FileExtentKind.Data)
                throw new CorruptException($"the journal has no block at byte {extent.Offset}: {extent.Reason ?? "a hole"}");
            if (starts.Count == 0 || places[^1] + (end - starts[^1]) != extent.DeviceOffset)
            {
                if (starts.Count == MaxExtents)
                    throw new UnsupportedException($"the journal is in more than {MaxExtents} pieces");
                starts.Add(extent.Offset);
                places.Add(extent.DeviceOffset);
            }
            end = extent.Offset + extent.Length;
        }
        return new(fileSystem.Device, end, [.. starts], [.. places]);
    }

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(offset, destination.Length, "beyond the end of the journal");
        for (int i = IndexOf(offset); !destination.IsEmpty; i++)
        {
            int count = (int)Math.Min(destination.Length, EndOf(i) - offset);
            long shift = places[i] - starts[i];
            try
            {
                device.Read(offset + shift, destination[..count]);
            }
            catch (UnreadableException e)
            {
                throw new UnreadableException(e.Offset - shift, e.Length, e.Reason);
            }
            offset += count;
            destination = destination[count..];
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => [new(offset, length, ExtentKind.Computed)];

    private int IndexOf(long offset)
    {
        int found = Array.BinarySearch(starts, offset);
        return found >= 0 ? found : ~found - 1;
    }

    private long EndOf(int index) => index + 1 < starts.Length ? starts[index + 1] : Length;
}
