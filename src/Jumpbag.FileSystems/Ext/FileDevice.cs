using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems;

/// <summary>A file's content as a device: a journal, or a disk image kept within a filesystem.</summary>
public sealed class FileDevice(FileSystem fileSystem, Node file, DamageSink damage) : BlockDevice
{
    public override long Length => file.Size;

    public override int RequestSize => fileSystem.Device.RequestSize;

    public override bool IsWhole => fileSystem.Device.IsWhole;

    public override void Read(long offset, Span<byte> destination) => fileSystem.Read(file, offset, destination, damage);

    public override IEnumerable<Extent> Extents(long offset, long length)
    {
        long end = Math.Min(Length, offset + length), at = offset;
        if (at < end)
            foreach (FileExtent extent in fileSystem.Extents(file, offset, damage))
            {
                if (extent.Offset >= end)
                    break;
                long to = Math.Min(end, extent.Offset + extent.Length);
                switch (extent.Kind)
                {
                    case FileExtentKind.Data:
                        long shift = extent.DeviceOffset - extent.Offset;
                        foreach (Extent below in fileSystem.Device.Extents(at + shift, to - at))
                            yield return below with { Offset = below.Offset - shift };
                        break;
                    case FileExtentKind.Inline:
                        yield return new(at, to - at, ExtentKind.Computed);
                        break;
                    case FileExtentKind.Unreadable:
                        yield return new(at, to - at, ExtentKind.Unreadable, Reason: extent.Reason);
                        break;
                    default:
                        yield return new(at, to - at, ExtentKind.Hole);
                        break;
                }
                at = to;
            }
        if (offset + length > Math.Max(end, offset))
            yield return new(Math.Max(end, offset), offset + length - Math.Max(end, offset), ExtentKind.Unreadable,
                Reason: "beyond the end of the file");
    }
}
