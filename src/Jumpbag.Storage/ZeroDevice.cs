using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>Zeros that are stored nowhere.</summary>
public sealed class ZeroDevice(long length) : BlockDevice
{
    private const string Beyond = "beyond the end of the device";

    public override long Length { get; } = length;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(offset, destination.Length, Beyond);
        destination.Clear();
    }

    public override IEnumerable<Extent> Extents(long offset, long length)
    {
        long inside = Math.Clamp(Length - offset, 0, length);
        if (inside > 0)
            yield return new(offset, inside, ExtentKind.Hole);
        if (inside < length)
            yield return new(offset + inside, length - inside, ExtentKind.Unreadable, Reason: Beyond);
    }
}
