using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>
/// A block device whose bytes can be changed, because the changes go somewhere else than to the source: an overlay.
/// Implementations may be used from several threads at once; what one wrote, all read from then on.
/// </summary>
public abstract class WritableDevice : BlockDevice
{
    /// <param name="offset">All of the bytes lie within the device.</param>
    /// <param name="data">Of any size and alignment.</param>
    /// <exception cref="FailedException">They could not be kept (no space).</exception>
    public abstract void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Makes a range zeros, without taking space for them where it can.</summary>
    /// <exception cref="FailedException">It could not be kept.</exception>
    public abstract void Zero(long offset, long length);

    /// <summary>Returns when all that was written is safe.</summary>
    /// <exception cref="FailedException">It is not.</exception>
    public abstract void Flush();
}
