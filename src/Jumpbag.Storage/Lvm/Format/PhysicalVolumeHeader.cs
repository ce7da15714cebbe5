using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm.Format;

/// <summary>A <c>disk_locn</c>: an area of the device, in bytes. A data area of size 0 reaches to the end.</summary>
public readonly record struct DiskLocation(long Offset, long Size);

/// <summary>
/// What a physical volume says of itself, in the label's sector.
/// Specification: LVM2's lib/format_text/layout.h, <c>struct pv_header</c> and <c>struct pv_header_extension</c>.
/// </summary>
/// <remarks><code>
/// offset size
///      0   32  pv_uuid
///     32    8  device_size_xl  in bytes
///     40       disk_areas_xl   data areas: pairs of (offset 8, size 8), ended by a pair of zeros;
///                              then the metadata areas likewise
///              the extension:
///      0    4  version
///      4    4  flags           bit 0: belongs to a volume group (since version 2)
///      8       bootloader areas, as above; not used here
/// </code></remarks>
public sealed class PhysicalVolumeHeader
{
    private PhysicalVolumeHeader(string uuid, long deviceSize, DiskLocation[] dataAreas, DiskLocation[] metadataAreas, bool isUsed)
    {
        Uuid = uuid;
        DeviceSize = deviceSize;
        DataAreas = dataAreas;
        MetadataAreas = metadataAreas;
        IsUsed = isUsed;
    }

    public string Uuid { get; }

    public long DeviceSize { get; }

    public IReadOnlyList<DiskLocation> DataAreas { get; }

    public IReadOnlyList<DiskLocation> MetadataAreas { get; }

    public bool IsUsed { get; }

    /// <param name="data">From the header to the end of its sector.</param>
    /// <exception cref="CorruptException">The UUID is none, a list does not end in the sector, or a size cannot be.</exception>
    public static PhysicalVolumeHeader Parse(ReadOnlySpan<byte> data)
    {
        if (data.Length < 40)
            throw new CorruptException($"LVM2: the physical volume's header does not fit its sector ({data.Length} bytes are left)");
        string uuid = LvmUuid.Format(data[..LvmUuid.Length]);
        long size = Number(data[32..]);
        data = data[40..];
        DiskLocation[] dataAreas = Locations(ref data), metadataAreas = Locations(ref data);
        bool isUsed = data.Length >= 8 && BinaryPrimitives.ReadUInt32LittleEndian(data) >= 2 && (data[4] & 1) != 0;
        return new(uuid, size, dataAreas, metadataAreas, isUsed);
    }

    private static DiskLocation[] Locations(ref ReadOnlySpan<byte> data)
    {
        var list = new List<DiskLocation>();
        while (data.Length >= 16)
        {
            DiskLocation next = new(Number(data), Number(data[8..]));
            data = data[16..];
            if (next.Offset == 0)
                return [.. list];
            list.Add(next);
        }
        throw new CorruptException("LVM2: the physical volume's list of areas has no end");
    }

    private static long Number(ReadOnlySpan<byte> data)
    {
        long value = BinaryPrimitives.ReadInt64LittleEndian(data);
        return value >= 0 ? value : throw new CorruptException($"LVM2: the physical volume's header claims 0x{value:x} bytes");
    }
}
