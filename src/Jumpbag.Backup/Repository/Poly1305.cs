using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Jumpbag.Backup.Repository;

/// <summary>Poly1305: sixteen bytes that only who knows the key can compute of a message. Numbers modulo 2^130 - 5 in three words of 64 bits.</summary>
/// <remarks>https://cr.yp.to/mac/poly1305-20050329.pdf</remarks>
internal static class Poly1305
{
    public const int Size = 16;

    /// <summary>For fewer bytes the powers of r cost more than they save.</summary>
    private const int LeastBulk = 256;

    /// <param name="mask">r: the bits of it that must be zero are taken for zero.</param>
    /// <param name="nonce">The nonce, encrypted: what is added at the end.</param>
    public static void Compute(ReadOnlySpan<byte> mask, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        ulong r0 = BinaryPrimitives.ReadUInt64LittleEndian(mask) & 0x0FFF_FFFC_0FFF_FFFF, r1 = BinaryPrimitives.ReadUInt64LittleEndian(mask[8..]) & 0x0FFF_FFFC_0FFF_FFFC;
        ulong h0 = 0, h1 = 0, h2 = 0;
        int whole = message.Length / Size * Size, bulk = Poly1305Lanes.IsSupported && whole >= LeastBulk ? whole / Poly1305Lanes.Stride * Poly1305Lanes.Stride : 0;
        if (bulk > 0)
            (h0, h1, h2) = Poly1305Lanes.Compute(r0, r1, message[..bulk]);
        Absorb(message[bulk..whole], 1, r0, r1, ref h0, ref h1, ref h2);
        if (whole < message.Length)
        {
            Span<byte> last = stackalloc byte[Size];
            last.Clear();
            message[whole..].CopyTo(last);
            last[message.Length - whole] = 1;
            Absorb(last, 0, r0, r1, ref h0, ref h1, ref h2);
        }
        // h + 5 reaches 2^130 where h is not below the modulus.
        ulong g0 = h0 + 5, carry = g0 < h0 ? 1UL : 0, g1 = h1 + carry;
        carry = g1 < carry ? 1UL : 0;
        ulong over = 0 - ((h2 + carry) >> 2);
        h0 = (h0 & ~over) | (g0 & over);
        h1 = (h1 & ~over) | (g1 & over);
        UInt128 sum = new UInt128(h1, h0) + BinaryPrimitives.ReadUInt128LittleEndian(nonce);
        BinaryPrimitives.WriteUInt128LittleEndian(mac, sum);
    }

    /// <summary>h = (h + block) × r for each block, with a bit above its 128 or without.</summary>
    private static void Absorb(ReadOnlySpan<byte> blocks, ulong top, ulong r0, ulong r1, ref ulong sum0, ref ulong sum1, ref ulong sum2)
    {
        // 2^128 is 5/4 of a multiple of the modulus away from zero, and r1 is a multiple of 4.
        ulong s1 = r1 + (r1 >> 2);
        // In registers.
        ulong h0 = sum0, h1 = sum1, h2 = sum2;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(blocks);
        for (int i = 0; i + 1 < words.Length; i += 2)
        {
            ulong low = Little(words[i]), high = Little(words[i + 1]);
            h0 += low;
            ulong c = h0 < low ? 1UL : 0;
            h1 += c;
            ulong d = h1 < c ? 1UL : 0;
            h1 += high;
            h2 += top + d + (h1 < high ? 1UL : 0);

            ulong high0 = Math.BigMul(h0, r0, out ulong low0), highA = Math.BigMul(h1, s1, out ulong lowA);
            ulong high1 = Math.BigMul(h0, r1, out ulong low1), highB = Math.BigMul(h1, r0, out ulong lowB);
            // h2 has few bits: neither product is longer than a word.
            ulong small = h2 * s1;
            h2 *= r0;
            low0 += lowA;
            high0 += highA + (low0 < lowA ? 1UL : 0);
            low1 += lowB;
            high1 += highB + (low1 < lowB ? 1UL : 0);
            low1 += small;
            high1 += low1 < small ? 1UL : 0;
            low1 += high0;
            h2 += high1 + (low1 < high0 ? 1UL : 0);

            ulong wrapped = (h2 >> 2) + (h2 & ~3UL);
            h0 = low0 + wrapped;
            ulong carried = h0 < wrapped ? 1UL : 0;
            h1 = low1 + carried;
            h2 = (h2 & 3) + (h1 < carried ? 1UL : 0);
        }
        (sum0, sum1, sum2) = (h0, h1, h2);
    }

    private static ulong Little(ulong word) => BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
}
