using System.Buffers.Binary;
using System.Numerics;

namespace Jumpbag.Core;

/// <summary>
/// SHA-256 (FIPS 180-4) of short data, for readers of disks: the one in .NET needs a library of the machine that may be missing
/// where a disk is rescued.
/// </summary>
public static class Sha256
{
    public const int Size = 32;

    private const int BlockSize = 64;

    private static readonly uint[] Constants = MakeConstants();

    /// <summary>The first 32 bits of the fractional parts of the square roots of the first 8 primes.</summary>
    private static readonly uint[] Initial = [.. Primes().Take(8).Select(prime => Fraction(Math.Sqrt, prime))];

    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        Span<uint> state = stackalloc uint[8];
        Initial.CopyTo(state);
        int whole = data.Length / BlockSize * BlockSize;
        for (int at = 0; at < whole; at += BlockSize)
            Round(state, data.Slice(at, BlockSize));
        Span<byte> last = stackalloc byte[2 * BlockSize];
        last.Clear();
        data[whole..].CopyTo(last);
        int rest = data.Length - whole;
        last[rest] = 0x80;
        last = last[..(rest < BlockSize - 8 ? BlockSize : 2 * BlockSize)];
        BinaryPrimitives.WriteUInt64BigEndian(last[^8..], (ulong)data.Length * 8);
        for (int at = 0; at < last.Length; at += BlockSize)
            Round(state, last.Slice(at, BlockSize));
        var hash = new byte[Size];
        for (int i = 0; i < 8; i++)
            BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(i * 4), state[i]);
        return hash;
    }

    private static void Round(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> w = stackalloc uint[64];
        for (int i = 0; i < 16; i++)
            w[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * 4)..]);
        for (int i = 16; i < 64; i++)
        {
            uint s0 = BitOperations.RotateRight(w[i - 15], 7) ^ BitOperations.RotateRight(w[i - 15], 18) ^ (w[i - 15] >> 3);
            uint s1 = BitOperations.RotateRight(w[i - 2], 17) ^ BitOperations.RotateRight(w[i - 2], 19) ^ (w[i - 2] >> 10);
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        (uint a, uint b, uint c, uint d) = (state[0], state[1], state[2], state[3]);
        (uint e, uint f, uint g, uint h) = (state[4], state[5], state[6], state[7]);
        for (int i = 0; i < 64; i++)
        {
            uint s1 = BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25);
            uint t1 = h + s1 + ((e & f) ^ (~e & g)) + Constants[i] + w[i];
            uint s0 = BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22);
            uint t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + t1, c, b, a, t1 + t2);
        }
        ReadOnlySpan<uint> sums = [a, b, c, d, e, f, g, h];
        for (int i = 0; i < 8; i++)
            state[i] += sums[i];
    }

    /// <summary>The first 32 bits of the fractional parts of the cube roots of the first 64 primes.</summary>
    private static uint[] MakeConstants() => [.. Primes().Take(64).Select(prime => Fraction(Math.Cbrt, prime))];

    private static uint Fraction(Func<double, double> root, int prime) => (uint)((root(prime) - Math.Floor(root(prime))) * 4294967296.0);

    private static IEnumerable<int> Primes() =>
        Enumerable.Range(2, 400).Where(n => Enumerable.Range(2, (int)Math.Sqrt(n) - 1).All(divisor => n % divisor != 0));
}
