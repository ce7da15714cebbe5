using System.Runtime.ExceptionServices;
using Jumpbag.Core;

namespace Jumpbag.Storage;

/// <summary>
/// A device whose neighbouring bytes lie in many places, or must be computed. A large read is done in parts by several processors,
/// and so by several disks, at once: in pieces of a chunk the same bytes take longer than from one place.
/// </summary>
public abstract class ScatteredDevice : BlockDevice
{
    /// <summary>Less than twice this is read by the one who asks: to wake another thread takes as long.</summary>
    private const int SmallestPart = 256 * 1024;

    /// <summary>Parts begin at round places, so that no chunk of an array or thin volume is read in two parts.</summary>
    private const int PartAlignment = 64 * 1024;

    protected const string Beyond = "beyond the end of the volume";

    public sealed override int RequestSize => 1024 * 1024;

    public sealed override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(offset, destination.Length, Beyond);
        int parts = Math.Min(Environment.ProcessorCount, destination.Length / SmallestPart);
        if (parts < 2)
            ReadPart(offset, destination);
        else
            ReadParts(parts, offset, destination);
    }

    /// <summary><see cref="Read"/> of a range that is inside the device.</summary>
    protected abstract void ReadPart(long offset, Span<byte> destination);

    private unsafe void ReadParts(int parts, long offset, Span<byte> destination)
    {
        int length = destination.Length;
        var failures = new ExceptionDispatchInfo?[parts];
        fixed (byte* start = destination)
        {
            // No span goes to another thread; its bytes stay where they are until all parts are read.
            nint address = (nint)start;
            Parallel.For(0, parts, part =>
            {
                int from = Begin(part), to = Begin(part + 1);
                try
                {
                    ReadPart(offset + from, new Span<byte>((byte*)address + from, to - from));
                }
                catch (Exception e)
                {
                    failures[part] = ExceptionDispatchInfo.Capture(e);
                }
            });
        }
        // As one who reads from the start to the end would meet them: the first.
        Array.Find(failures, failure => failure is not null)?.Throw();

        int Begin(int part)
        {
            long even = (long)length * part / parts;
            return part == parts ? length : part == 0 ? 0 : (int)(even - ((offset + even) % PartAlignment));
        }
    }
}
