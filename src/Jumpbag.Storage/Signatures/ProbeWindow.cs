using Jumpbag.Core;

namespace Jumpbag.Storage.Signatures;

/// <summary>
/// The bytes of a device that probes look at. The first 72 KiB, where nearly all signatures stand, are read once;
/// anything else is read as asked for. What cannot be read is an empty span: to a probe it is the same as not there.
/// </summary>
internal sealed class ProbeWindow : IDisposable
{
    private const int HeadLength = 72 * 1024, PieceLength = 512;

    /// <summary>More than any probe wants at once; a structure that claims more is not believed.</summary>
    private const int MaximumLength = 256 * 1024;

    /// <summary>One buffer is kept for the next window: fresh ones would cost more than the probes on a disk with few layers.</summary>
    private static byte[]? spare;

    private readonly byte[] buffer;
    private readonly int headLength;
    private readonly bool[]? unreadable;

    public ProbeWindow(BlockDevice device)
    {
        Device = device;
        buffer = Interlocked.Exchange(ref spare, null) ?? new byte[HeadLength];
        headLength = (int)Math.Min(device.Length, HeadLength);
        try
        {
            device.Read(0, buffer.AsSpan(0, headLength));
        }
        catch (UnreadableException)
        {
            unreadable = new bool[(headLength + PieceLength - 1) / PieceLength];
            for (int i = 0; i < unreadable.Length; i++)
                unreadable[i] = !TryRead(i * PieceLength, buffer.AsSpan(i * PieceLength, Math.Min(PieceLength, headLength - i * PieceLength)));
        }
    }

    public BlockDevice Device { get; }

    public long Length => Device.Length;

    /// <summary>Exactly <paramref name="length"/> bytes, valid as long as the window, or none where they are out of range or unreadable.</summary>
    public ReadOnlySpan<byte> At(long offset, int length)
    {
        if (offset < 0 || length <= 0 || length > MaximumLength || offset > Length - length)
            return default;
        if (offset + length > headLength)
        {
            var bytes = new byte[length];
            return TryRead(offset, bytes) ? bytes : default;
        }
        int first = (int)offset / PieceLength, last = ((int)offset + length - 1) / PieceLength;
        if (unreadable is not null && unreadable.AsSpan(first..(last + 1)).Contains(true))
            return default;
        return buffer.AsSpan((int)offset, length);
    }

    /// <summary>What <see cref="At"/> returned must not be looked at any more.</summary>
    public void Dispose() => spare = buffer;

    private bool TryRead(long offset, Span<byte> destination)
    {
        try
        {
            Device.Read(offset, destination);
            return true;
        }
        catch (UnreadableException)
        {
            return false;
        }
    }
}
