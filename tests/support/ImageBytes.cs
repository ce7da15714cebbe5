using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.Tests.Support;

/// <summary>A device whose bytes a test made, and whose bad sectors it chose.</summary>
public sealed class ImageBytes(byte[] bytes, int sectorSize = 512, params (long Offset, long Length)[] bad) : BlockDevice
{
    public override long Length => bytes.Length;

    public override int SectorSize => sectorSize;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(offset, destination.Length, "beyond the end");
        foreach ((long start, long length) in bad)
            if (offset < start + length && start < offset + destination.Length)
                throw new UnreadableException(Math.Max(offset, start), length, "bad sector");
        bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => [new(offset, length, ExtentKind.Computed)];
}
