using Jumpbag.Core;

namespace Jumpbag.Storage.Signatures;

/// <summary>
/// The bytes of a device that probes look at. The first 72 KiB, where nearly all signatures stand, are read once;
/// anything else is read as asked for. What cannot be read is an empty span: to a probe it is the same as not there.
/// </summary>
internal sealed class ProbeWindow
{
    private const int HeadLength = 72 * 1024, PieceLength = 512;

    /// <summary>More than any probe wants at once; a structure that claims more is not believed.</summary>
    private const int MaximumLength = 256 * 1024;

    private readonly byte[] head;
    private readonly bool[]? unreadable;

    public ProbeWindow(BlockDevice device)
    {
        Device = device;
        head = new byte[Math.Min(device.Length, HeadLength)];
        try
        {
            device.Read(0, head);
        }
        catch (UnreadableException)
        {
            unreadable = new bool[(head.Length + PieceLength - 1) / PieceLength];
            for (int i = 0; i < unreadable.Length; i++)
                unreadable[i] = !TryRead(i * PieceLength, head.AsSpan(i * PieceLength, Math.Min(PieceLength, head.Length - i * PieceLength)));
        }
    }

    public BlockDevice Device { get; }

    public long Length => Device.Length;

    /// <summary>Exactly <paramref name="length"/> bytes, or none where they are out of range or unreadable.</summary>
    public ReadOnlySpan<byte> At(long offset, int length)
    {
        if (offset < 0 || length <= 0 || length > MaximumLength || offset > Length - length)
            return default;
        if (offset + length > head.Length)
        {
            var bytes = new byte[length];
            return TryRead(offset, bytes) ? bytes : default;
        }
        int first = (int)offset / PieceLength, last = ((int)offset + length - 1) / PieceLength;
        if (unreadable is not null && unreadable.AsSpan(first..(last + 1)).Contains(true))
            return default;
        return head.AsSpan((int)offset, length);
    }

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
