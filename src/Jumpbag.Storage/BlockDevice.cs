using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>
/// A run of bytes that can be read at any position: a disk, an image, a partition, a logical volume. Nothing can be
/// written to one. Every layer above a source is a map of extents onto the layers below it.
/// Implementations may be read from several threads at once.
/// </summary>
public abstract class BlockDevice
{
    /// <summary>In bytes.</summary>
    public abstract long Length { get; }

    /// <summary>The logical sector size in bytes that the device reports or that was recognised; 512 where nothing is known.</summary>
    public virtual int SectorSize => 512;

    /// <summary>
    /// In bytes: what a reader of much does best to ask for at once. More of one file leaves the processor's cache before a pipe takes it; what
    /// is done in parts at once is worth it only if there is more.
    /// </summary>
    public virtual int RequestSize => 256 * 1024;

    /// <summary>
    /// False where <see cref="Extents"/> calls some of it unreadable from the start: a disk of a volume is missing, an image is
    /// cut off. Only then is it worth asking before reading.
    /// </summary>
    public virtual bool IsWhole => true;

    /// <summary>
    /// Fills <paramref name="destination"/> with the bytes from <paramref name="offset"/> on, whatever its size and
    /// alignment. All or nothing.
    /// </summary>
    /// <exception cref="UnreadableException">At least one of the bytes cannot be had; its range is in bytes of this device.</exception>
    public abstract void Read(long offset, Span<byte> destination);

    /// <summary>
    /// Where the bytes [<paramref name="offset"/>, <paramref name="offset"/> + <paramref name="length"/>) lie: consecutive,
    /// not overlapping, in ascending order, covering the range exactly (what lies past the end is unreadable).
    /// </summary>
    public abstract IEnumerable<Extent> Extents(long offset, long length);
}

/// <summary>What stands behind a range of bytes.</summary>
public enum ExtentKind
{
    /// <summary>The bytes are identical at <see cref="Extent.SourceOffset"/> of <see cref="Extent.Source"/>.</summary>
    Data,

    /// <summary>Zeros that take no space.</summary>
    Hole,

    /// <summary>Bytes that stand nowhere as they are: replayed journal blocks, parity, decompressed or decrypted data.</summary>
    Computed,

    /// <summary>Bytes that cannot be had; <see cref="Extent.Reason"/> says why.</summary>
    Unreadable,
}

/// <summary>A range of a device's bytes, [Offset, Offset + Length), and what stands behind it.</summary>
public readonly record struct Extent(
    long Offset, long Length, ExtentKind Kind, FileSource? Source = null, long SourceOffset = 0, string? Reason = null);
