using Jumpbag.Core;
using Jumpbag.Storage;

namespace Jumpbag.Tests.Support;

/// <summary>A device whose bytes a test made, with sectors that cannot be read where the test wants it.</summary>
public sealed class MemoryDevice(byte[] bytes) : BlockDevice
{
    /// <summary>Byte ranges [Start, End) that cannot be read.</summary>
    public List<(long Start, long End)> Bad { get; } = [];

    public byte[] Bytes => bytes;

    public override long Length => bytes.Length;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > bytes.Length - destination.Length)
            throw new UnreadableException(offset, destination.Length, "beyond the end of the test's device");
        foreach (var (start, end) in Bad)
            if (offset < end && start < offset + destination.Length)
                throw new UnreadableException(Math.Max(start, offset), Math.Min(end, offset + destination.Length) - Math.Max(start, offset), "a bad sector");
        bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }

    /// <summary>All computed: nothing lies in a file.</summary>
    public override IEnumerable<Extent> Extents(long offset, long length)
    {
        long inside = Math.Clamp(bytes.Length - offset, 0, length);
        if (inside > 0)
            yield return new(offset, inside, ExtentKind.Computed);
        if (inside < length)
            yield return new(offset + inside, length - inside, ExtentKind.Unreadable, Reason: "beyond the end of the test's device");
    }
}
