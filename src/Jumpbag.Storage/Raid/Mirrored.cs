using Jumpbag.Core;

namespace Jumpbag.Storage.Raid;

/// <summary>
/// Devices that all hold the same bytes (RAID 1, an LVM mirror): each byte comes from the first that can give it. Lengths may
/// differ; what a short one lacks, the others have.
/// </summary>
public sealed class Mirrored : BlockDevice
{
    private const string Beyond = "beyond the end of the volume";

    private readonly Member[] members;

    /// <param name="devices">At least one, the one to be believed first in front.</param>
    /// <param name="length">In bytes.</param>
    public Mirrored(IEnumerable<BlockDevice> devices, long length)
    {
        members = [.. devices.Select(device => new Member(device))];
        ArgumentOutOfRangeException.ThrowIfZero(members.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        SectorSize = members.Max(member => member.Device.SectorSize);
        RequestSize = members.Max(member => member.Device.RequestSize);
        IsWhole = Array.Exists(members, member => member.IsWhole && member.Device.Length >= length);
    }

    public override long Length { get; }

    public override int SectorSize { get; }

    public override int RequestSize { get; }

    public override bool IsWhole { get; }

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(offset, destination.Length, Beyond);
        ReadFrom(0, offset, destination);
    }

    private void ReadFrom(int index, long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int good = members[index].Read(offset, destination, out int bad, out string reason);
            if (bad > 0 && index == members.Length - 1)
                throw new UnreadableException(offset + good, bad, reason);
            if (bad > 0)
                ReadFrom(index + 1, offset + good, destination.Slice(good, bad));
            offset += good + bad;
            destination = destination[(good + bad)..];
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => Pieces(offset, length).Merged();

    private IEnumerable<Extent> Pieces(long offset, long length)
    {
        long inside = Math.Clamp(Length - offset, 0, length);
        foreach (Extent extent in From(0, offset, inside))
            yield return extent;
        if (inside < length)
            yield return new(offset + inside, length - inside, ExtentKind.Unreadable, Reason: Beyond);
    }

    private IEnumerable<Extent> From(int index, long offset, long length)
    {
        if (length == 0)
            yield break;
        foreach (Extent extent in members[index].Device.Extents(offset, length))
        {
            if (extent.Kind != ExtentKind.Unreadable || index == members.Length - 1)
                yield return extent;
            else
                foreach (Extent other in From(index + 1, extent.Offset, extent.Length))
                    yield return other;
        }
    }
}
