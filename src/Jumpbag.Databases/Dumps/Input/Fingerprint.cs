using System.Buffers.Binary;
using System.Numerics;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>
/// Tells whether a file is the one it was: a hash of all its bytes, as they come. Against accidents, not against malice: it must cost
/// nothing beside the reading.
/// </summary>
public sealed class Fingerprint
{
    private const int Word = sizeof(ulong);
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15, Other = 0xC2B2_AE3D_27D4_EB4F;

    private readonly byte[] pending = new byte[Word];
    private int waiting;
    private ulong state = Odd;
    private long length;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        length += bytes.Length;
        if (waiting > 0)
        {
            int more = Math.Min(Word - waiting, bytes.Length);
            bytes[..more].CopyTo(pending.AsSpan(waiting));
            waiting += more;
            bytes = bytes[more..];
            if (waiting < Word)
                return;
            state = Mix(state, BinaryPrimitives.ReadUInt64LittleEndian(pending));
        }
        ulong mixed = state;
        for (; bytes.Length >= Word; bytes = bytes[Word..])
            mixed = Mix(mixed, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        state = mixed;
        bytes.CopyTo(pending);
        waiting = bytes.Length;
    }

    /// <summary>Of all that came so far.</summary>
    public ulong Value()
    {
        ulong mixed = Mix(state, (ulong)length);
        foreach (byte b in pending.AsSpan(0, waiting))
            mixed = Mix(mixed, b);
        mixed = (mixed ^ (mixed >> 31)) * Other;
        return mixed ^ (mixed >> 29);
    }

    private static ulong Mix(ulong state, ulong word) => BitOperations.RotateLeft(state ^ (word * Other), 29) * Odd;
}
