using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Jumpbag.Storage.Raid;

/// <summary>
/// Arithmetic on the bytes of RAID 5 and 6: addition is XOR, multiplication is that of GF(256) with the polynomial
/// x⁸ + x⁴ + x³ + x² + 1 and the generator 2 (H. P. Anvin, "The mathematics of RAID-6").
/// </summary>
internal static class GaloisField
{
    private const int Polynomial = 0x11D;

    /// <summary>2 to the power of each index; twice round, so that sums of two logarithms need no modulus.</summary>
    private static readonly byte[] Powers = new byte[510];

    private static readonly byte[] Logarithms = new byte[256];

    static GaloisField()
    {
        int value = 1;
        for (int i = 0; i < 255; i++)
        {
            Powers[i] = Powers[i + 255] = (byte)value;
            Logarithms[value] = (byte)i;
            value <<= 1;
            if (value > 255)
                value ^= Polynomial;
        }
    }

    /// <summary>The weight of a disk in Q: 2 to this power.</summary>
    public static byte Power(int exponent) => Powers[exponent % 255];

    public static byte Multiply(byte left, byte right) =>
        left == 0 || right == 0 ? (byte)0 : Powers[Logarithms[left] + Logarithms[right]];

    /// <param name="value">Not 0.</param>
    public static byte Inverse(byte value) => Powers[255 - Logarithms[value]];

    /// <summary>target ^= source.</summary>
    public static void Add(ReadOnlySpan<byte> source, Span<byte> target)
    {
        ref byte from = ref MemoryMarshal.GetReference(source), to = ref MemoryMarshal.GetReference(target);
        int at = 0;
        for (; at <= target.Length - (2 * Vector256<byte>.Count); at += 2 * Vector256<byte>.Count)
        {
            (Vector256.LoadUnsafe(ref to, (nuint)at) ^ Vector256.LoadUnsafe(ref from, (nuint)at)).StoreUnsafe(ref to, (nuint)at);
            int next = at + Vector256<byte>.Count;
            (Vector256.LoadUnsafe(ref to, (nuint)next) ^ Vector256.LoadUnsafe(ref from, (nuint)next)).StoreUnsafe(ref to, (nuint)next);
        }
        for (; at < target.Length; at++)
            target[at] ^= source[at];
    }

    /// <summary>target ^= factor · source.</summary>
    public static void AddProduct(byte factor, ReadOnlySpan<byte> source, Span<byte> target)
    {
        (Vector128<byte> low, Vector128<byte> high) = Tables(factor);
        ref byte from = ref MemoryMarshal.GetReference(source), to = ref MemoryMarshal.GetReference(target);
        int at = 0;
        for (; at <= target.Length - Vector128<byte>.Count; at += Vector128<byte>.Count)
            (Vector128.LoadUnsafe(ref to, (nuint)at) ^ Product(Vector128.LoadUnsafe(ref from, (nuint)at), low, high)).StoreUnsafe(ref to, (nuint)at);
        for (; at < target.Length; at++)
            target[at] ^= Multiply(factor, source[at]);
    }

    /// <summary>target *= factor.</summary>
    public static void Scale(byte factor, Span<byte> target)
    {
        (Vector128<byte> low, Vector128<byte> high) = Tables(factor);
        ref byte to = ref MemoryMarshal.GetReference(target);
        int at = 0;
        for (; at <= target.Length - Vector128<byte>.Count; at += Vector128<byte>.Count)
            Product(Vector128.LoadUnsafe(ref to, (nuint)at), low, high).StoreUnsafe(ref to, (nuint)at);
        for (; at < target.Length; at++)
            target[at] = Multiply(factor, target[at]);
    }

    /// <summary>The products of a factor with 0..15 and with 0, 16, 32, …: a byte's product is the sum of two of them.</summary>
    private static (Vector128<byte> Low, Vector128<byte> High) Tables(byte factor)
    {
        Span<byte> low = stackalloc byte[16], high = stackalloc byte[16];
        for (int i = 0; i < 16; i++)
        {
            low[i] = Multiply(factor, (byte)i);
            high[i] = Multiply(factor, (byte)(i << 4));
        }
        return (Vector128.Create<byte>(low), Vector128.Create<byte>(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Product(Vector128<byte> bytes, Vector128<byte> low, Vector128<byte> high) =>
        Vector128.Shuffle(low, bytes & Vector128.Create((byte)0x0F)) ^ Vector128.Shuffle(high, bytes >>> 4);
}
