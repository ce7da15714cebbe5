using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>
/// Looks at 64 bytes with the machine's vectors. Which ones is asked once for a long run of blocks, not for each: code that is compiled
/// ahead knows only the least that any machine has.
/// </summary>
internal interface IBlock
{
    /// <summary>Where the byte stands.</summary>
    static abstract ulong Equal(ref readonly byte block, byte value);

    /// <summary>Where any of the four stands.</summary>
    static abstract ulong EqualAny(ref readonly byte block, byte a, byte b, byte c, byte d);
}

internal readonly struct Block256 : IBlock
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Equal(ref readonly byte block, byte value)
    {
        ref byte start = ref Unsafe.AsRef(in block);
        Vector256<byte> wanted = Vector256.Create(value);
        return (uint)Avx2.MoveMask(Avx2.CompareEqual(Vector256.LoadUnsafe(ref start), wanted))
            | ((ulong)(uint)Avx2.MoveMask(Avx2.CompareEqual(Vector256.LoadUnsafe(ref start, 32), wanted)) << 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong EqualAny(ref readonly byte block, byte a, byte b, byte c, byte d)
    {
        ref byte start = ref Unsafe.AsRef(in block);
        return (uint)Avx2.MoveMask(Any(Vector256.LoadUnsafe(ref start), a, b, c, d)) | ((ulong)(uint)Avx2.MoveMask(Any(Vector256.LoadUnsafe(ref start, 32), a, b, c, d)) << 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Any(Vector256<byte> bytes, byte a, byte b, byte c, byte d) => Avx2.Or(
        Avx2.Or(Avx2.CompareEqual(bytes, Vector256.Create(a)), Avx2.CompareEqual(bytes, Vector256.Create(b))),
        Avx2.Or(Avx2.CompareEqual(bytes, Vector256.Create(c)), Avx2.CompareEqual(bytes, Vector256.Create(d))));
}

internal readonly struct Block128 : IBlock
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Equal(ref readonly byte block, byte value)
    {
        ref byte start = ref Unsafe.AsRef(in block);
        Vector128<byte> wanted = Vector128.Create(value);
        return Vector128.Equals(Vector128.LoadUnsafe(ref start), wanted).ExtractMostSignificantBits()
            | (Vector128.Equals(Vector128.LoadUnsafe(ref start, 16), wanted).ExtractMostSignificantBits() << 16)
            | ((ulong)(Vector128.Equals(Vector128.LoadUnsafe(ref start, 32), wanted).ExtractMostSignificantBits()
            | (Vector128.Equals(Vector128.LoadUnsafe(ref start, 48), wanted).ExtractMostSignificantBits() << 16)) << 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong EqualAny(ref readonly byte block, byte a, byte b, byte c, byte d)
    {
        ref byte start = ref Unsafe.AsRef(in block);
        return Any(Vector128.LoadUnsafe(ref start), a, b, c, d) | (Any(Vector128.LoadUnsafe(ref start, 16), a, b, c, d) << 16)
            | ((ulong)(Any(Vector128.LoadUnsafe(ref start, 32), a, b, c, d) | (Any(Vector128.LoadUnsafe(ref start, 48), a, b, c, d) << 16)) << 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Any(Vector128<byte> bytes, byte a, byte b, byte c, byte d) =>
        (Vector128.Equals(bytes, Vector128.Create(a)) | Vector128.Equals(bytes, Vector128.Create(b))
        | Vector128.Equals(bytes, Vector128.Create(c)) | Vector128.Equals(bytes, Vector128.Create(d))).ExtractMostSignificantBits();
}

/// <summary>Facts about 64 bytes as 64 bits, the first byte in the lowest.</summary>
internal static class BlockMasks
{
    public const int Size = 64;

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
