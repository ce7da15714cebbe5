using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>Facts about 64 bytes as 64 bits, the first byte in the lowest.</summary>
internal static class BlockMasks
{
    public const int Size = 64;

    /// <summary>Where the byte stands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Equal(ref readonly byte block, byte value)
    {
        ref byte start = ref Unsafe.AsRef(in block);
        if (Vector512.IsHardwareAccelerated)
            return Vector512.Equals(Vector512.LoadUnsafe(ref start), Vector512.Create(value)).ExtractMostSignificantBits();
        if (Avx2.IsSupported)
        {
            Vector256<byte> wanted = Vector256.Create(value);
            return (uint)Avx2.MoveMask(Avx2.CompareEqual(Vector256.LoadUnsafe(ref start), wanted))
                | (ulong)(uint)Avx2.MoveMask(Avx2.CompareEqual(Vector256.LoadUnsafe(ref start, 32), wanted)) << 32;
        }
        Vector128<byte> byteWanted = Vector128.Create(value);
        return Vector128.Equals(Vector128.LoadUnsafe(ref start), byteWanted).ExtractMostSignificantBits()
            | (ulong)Vector128.Equals(Vector128.LoadUnsafe(ref start, 16), byteWanted).ExtractMostSignificantBits() << 16
            | (ulong)Vector128.Equals(Vector128.LoadUnsafe(ref start, 32), byteWanted).ExtractMostSignificantBits() << 32
            | (ulong)Vector128.Equals(Vector128.LoadUnsafe(ref start, 48), byteWanted).ExtractMostSignificantBits() << 48;
    }

    /// <summary>Each bit: the parity of the bits up to and with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong PrefixXor(ulong bits)
    {
        bits ^= bits << 1;
        bits ^= bits << 2;
        bits ^= bits << 4;
        bits ^= bits << 8;
        bits ^= bits << 16;
        return bits ^ (bits << 32);
    }

    /// <summary>
    /// The bytes that a backslash before them escapes: those behind a run of backslashes of odd length, and within a run every second.
    /// </summary>
    /// <param name="carry">Whether the first byte is escaped by the last of the block before; then the same for the next block.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Escaped(ulong backslashes, ref bool carry)
    {
        if (backslashes == 0)
        {
            ulong first = carry ? 1UL : 0;
            carry = false;
            return first;
        }
        ulong carried = carry ? 1UL : 0;
        const ulong even = 0x5555_5555_5555_5555;
        // A backslash that is itself escaped starts nothing.
        ulong starting = backslashes & ~carried;
        ulong followsEscape = (starting << 1) | carried;
        ulong oddStarts = starting & ~even & ~followsEscape;
        ulong sequences = oddStarts + starting;
        carry = sequences < starting;
        ulong invert = sequences << 1;
        return (even ^ invert) & followsEscape;
    }

    /// <summary>The bits below the lowest that is set; all where none is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Below(ulong bits) => (bits & (0 - bits)) - 1;

    public static int First(ulong bits) => BitOperations.TrailingZeroCount(bits);

    public static int Last(ulong bits) => 63 - BitOperations.LeadingZeroCount(bits);
}
