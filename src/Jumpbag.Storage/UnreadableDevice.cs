using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>Stands for a device that is not there: every byte is unreadable, for the reason given.</summary>
public sealed class UnreadableDevice(long length, string reason) : BlockDevice
{
    public override long Length { get; } = length;

    public string Reason { get; } = reason;

    public override bool IsWhole => Length == 0;

    public override void Read(long offset, Span<byte> destination)
    {
        if (!destination.IsEmpty)
            throw new UnreadableException(offset, destination.Length, Reason);
    }

    public override IEnumerable<Extent> Extents(long offset, long length) =>
        length > 0 ? [new(offset, length, ExtentKind.Unreadable, Reason: Reason)] : [];
}
