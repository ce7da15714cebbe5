using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Jumpbag.Backup.Repository;

/// <summary>
/// The bulk of a message for <see cref="Poly1305"/>, four blocks at a time: two lanes of a register, and two registers for each digit, since each
/// multiplication waits for the one before. Numbers have five digits of 26 bits. h = Σ block × r^(blocks behind it, itself included), so that all lanes
/// multiply by r⁴, and at the end each by what it lacks. Multiplications of 64 bits, which would be as fast, are had only from processors of 2013 on.
/// </summary>
internal static class Poly1305Lanes
{
    /// <summary>What is taken at once.</summary>
    public const int Stride = 64;

    private const ulong Digit = (1 << 26) - 1;

    public static bool IsSupported => Sse2.IsSupported;

    /// <summary>As many whole strides as the message has, from a sum of zero on: the sum, in words of 64 bits.</summary>
    public static (ulong, ulong, ulong) Compute(ulong r0, ulong r1, ReadOnlySpan<byte> message)
    {
        var r = new Number(r0 & Digit, (r0 >> 26) & Digit, ((r0 >> 52) | (r1 << 12)) & Digit, (r1 >> 14) & Digit, r1 >> 40);
        Number r2 = r.Times(r), r3 = r2.Times(r), r4 = r2.Times(r2);
        Factor factor = new(r4, r4);
        ref byte at = ref MemoryMarshal.GetReference(message);
        ref byte end = ref Unsafe.Add(ref at, message.Length / Stride * Stride);
        Vector128<ulong> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, b0 = default, b1 = default, b2 = default, b3 = default, b4 = default;
        while (true)
        {
            Add(ref at, ref a0, ref a1, ref a2, ref a3, ref a4);
            Add(ref Unsafe.Add(ref at, 32), ref b0, ref b1, ref b2, ref b3, ref b4);
            at = ref Unsafe.Add(ref at, Stride);
            if (!Unsafe.IsAddressLessThan(ref at, ref end))
                break;
            Multiply(factor, ref a0, ref a1, ref a2, ref a3, ref a4);
            Multiply(factor, ref b0, ref b1, ref b2, ref b3, ref b4);
        }
        Multiply(new(r4, r3), ref a0, ref a1, ref a2, ref a3, ref a4);
        Multiply(new(r2, r), ref b0, ref b1, ref b2, ref b3, ref b4);
        return new Number(Sum(a0 + b0), Sum(a1 + b1), Sum(a2 + b2), Sum(a3 + b3), Sum(a4 + b4)).Words();

        static ulong Sum(Vector128<ulong> lanes) => lanes[0] + lanes[1];
    }

    /// <summary>Two blocks, each with the bit above it, one for each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref byte blocks, ref Vector128<ulong> h0, ref Vector128<ulong> h1, ref Vector128<ulong> h2, ref Vector128<ulong> h3, ref Vector128<ulong> h4)
    {
        Vector128<ulong> first = Vector128.LoadUnsafe(ref blocks).AsUInt64(), second = Vector128.LoadUnsafe(ref blocks, 16).AsUInt64(), digit = Vector128.Create(Digit);
        Vector128<ulong> low = Sse2.UnpackLow(first, second), high = Sse2.UnpackHigh(first, second);
        h0 += low & digit;
        h1 += (low >>> 26) & digit;
        h2 += ((low >>> 52) | (high << 12)) & digit;
        h3 += (high >>> 14) & digit;
        h4 += (high >>> 40) | Vector128.Create(1UL << 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(in Factor f, ref Vector128<ulong> h0, ref Vector128<ulong> h1, ref Vector128<ulong> h2, ref Vector128<ulong> h3, ref Vector128<ulong> h4)
    {
        // What goes beyond 2^130 comes back five times.
        Vector128<ulong> d0 = Product(h0, f.R0) + Product(h1, f.S4) + Product(h2, f.S3) + Product(h3, f.S2) + Product(h4, f.S1);
        Vector128<ulong> d1 = Product(h0, f.R1) + Product(h1, f.R0) + Product(h2, f.S4) + Product(h3, f.S3) + Product(h4, f.S2);
        Vector128<ulong> d2 = Product(h0, f.R2) + Product(h1, f.R1) + Product(h2, f.R0) + Product(h3, f.S4) + Product(h4, f.S3);
        Vector128<ulong> d3 = Product(h0, f.R3) + Product(h1, f.R2) + Product(h2, f.R1) + Product(h3, f.R0) + Product(h4, f.S4);
        Vector128<ulong> d4 = Product(h0, f.R4) + Product(h1, f.R3) + Product(h2, f.R2) + Product(h3, f.R1) + Product(h4, f.R0);
        Vector128<ulong> digit = Vector128.Create(Digit);
        // Two chains at once.
        d1 += d0 >>> 26;
        d4 += d3 >>> 26;
        d0 &= digit;
        d3 &= digit;
        Vector128<ulong> over = d4 >>> 26;
        d2 += d1 >>> 26;
        d0 += over + (over << 2);
        d4 &= digit;
        d1 &= digit;
        d3 += d2 >>> 26;
        d1 += d0 >>> 26;
        d2 &= digit;
        d0 &= digit;
        d4 += d3 >>> 26;
        d3 &= digit;
        (h0, h1, h2, h3, h4) = (d0, d1, d2, d3, d4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Product(Vector128<ulong> digits, Vector128<uint> factor) => Sse2.Multiply(digits.AsUInt32(), factor);

    /// <summary>What two lanes are multiplied by: the digits, and five times those.</summary>
    private readonly struct Factor(Number first, Number second)
    {
        public readonly Vector128<uint> R0 = Pair(first.D0, second.D0), R1 = Pair(first.D1, second.D1), R2 = Pair(first.D2, second.D2), R3 = Pair(first.D3, second.D3), R4 = Pair(first.D4, second.D4);
        public readonly Vector128<uint> S1 = Pair(5 * first.D1, 5 * second.D1), S2 = Pair(5 * first.D2, 5 * second.D2), S3 = Pair(5 * first.D3, 5 * second.D3), S4 = Pair(5 * first.D4, 5 * second.D4);

        private static Vector128<uint> Pair(ulong first, ulong second) => Vector128.Create(first, second).AsUInt32();
    }

    /// <summary>One number.</summary>
    private readonly record struct Number(ulong D0, ulong D1, ulong D2, ulong D3, ulong D4)
    {
        public Number Times(in Number f)
        {
            ulong s1 = 5 * f.D1, s2 = 5 * f.D2, s3 = 5 * f.D3, s4 = 5 * f.D4;
            return new Number(
                (D0 * f.D0) + (D1 * s4) + (D2 * s3) + (D3 * s2) + (D4 * s1),
                (D0 * f.D1) + (D1 * f.D0) + (D2 * s4) + (D3 * s3) + (D4 * s2),
                (D0 * f.D2) + (D1 * f.D1) + (D2 * f.D0) + (D3 * s4) + (D4 * s3),
                (D0 * f.D3) + (D1 * f.D2) + (D2 * f.D1) + (D3 * f.D0) + (D4 * s4),
                (D0 * f.D4) + (D1 * f.D3) + (D2 * f.D2) + (D3 * f.D1) + (D4 * f.D0)).Carried();
        }

        /// <summary>In words of 64 bits; the last has few.</summary>
        public (ulong, ulong, ulong) Words()
        {
            (ulong d0, ulong d1, ulong d2, ulong d3, ulong d4) = Carried();
            return (d0 | (d1 << 26) | (d2 << 52), (d2 >> 12) | (d3 << 14) | (d4 << 40), d4 >> 24);
        }

        /// <summary>Each digit but the last has 26 bits; that may have some more.</summary>
        private Number Carried()
        {
            ulong d1 = D1 + (D0 >> 26), d2 = D2 + (d1 >> 26), d3 = D3 + (d2 >> 26), d4 = D4 + (d3 >> 26), d0 = (D0 & Digit) + (5 * (d4 >> 26));
            d1 = (d1 & Digit) + (d0 >> 26);
            d2 = (d2 & Digit) + (d1 >> 26);
            d3 = (d3 & Digit) + (d2 >> 26);
            return new(d0 & Digit, d1 & Digit, d2 & Digit, d3 & Digit, (d4 & Digit) + (d3 >> 26));
        }
    }
}
