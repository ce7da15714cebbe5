using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.Backup.Snapshots;

/// <summary>What stands behind a snapshot is no device: its content is computed, blob by blob.</summary>
internal sealed class NoDevice : BlockDevice
{
    public override long Length => 0;

    public override void Read(long offset, Span<byte> destination) => throw new UnreadableException(offset, destination.Length, "a backup has no device");

    public override IEnumerable<Extent> Extents(long offset, long length) => [];
}
