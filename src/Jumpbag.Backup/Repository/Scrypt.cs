using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Jumpbag.Backup.Repository;

/// <summary>
/// scrypt: keys from a password that take memory to try. Here since the framework has none, and BouncyCastle's leaves that memory to the
/// collector: more than all else that a backup of unchanged files needs.
/// </summary>
/// <remarks>RFC 7914</remarks>
internal static unsafe class Scrypt
{
    private const int SalsaBlock = 64, SalsaWords = 16, Rows = 4;

    /// <param name="n">A power of two.</param>
    public static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int n, int r, int p, int length)
    {
        int blockSize = 128 * r;
        byte[] blocks = Rfc2898DeriveBytes.Pbkdf2(password, salt, 1, HashAlgorithmName.SHA256, p * blockSize);
        nuint size = (nuint)blockSize * (nuint)n;
        var memory = (byte*)NativeMemory.AlignedAlloc(size + 2 * (nuint)blockSize, SalsaBlock);
        try
        {
            for (int i = 0; i < p; i++)
                Mix(blocks.AsSpan(i * blockSize, blockSize), n, r, (Vector128<uint>*)memory);
        }
        finally
        {
            NativeMemory.Clear(memory, size);
            NativeMemory.AlignedFree(memory);
        }
        return Rfc2898DeriveBytes.Pbkdf2(password, blocks, 1, HashAlgorithmName.SHA256, length);
    }

    /// <summary>RFC 7914, 5 (scryptROMix): each state is kept, then states are mixed in by numbers that the state itself gives.</summary>
    private static void Mix(Span<byte> block, int n, int r, Vector128<uint>* memory)
    {
        int rows = 2 * r * Rows;
        Vector128<uint>* x = memory + (nint)rows * n, y = x + rows;
        Shuffle(block, x, r, isBack: false);
        // n is even: the state is in x again behind each pair.
        for (int i = 0; i < n; i += 2)
        {
            Keep(i, x);
            MixBlock(x, y, r);
            Keep(i + 1, y);
            MixBlock(y, x, r);
        }
        for (int i = 0; i < n; i += 2)
        {
            MixIn(x);
            MixBlock(x, y, r);
            MixIn(y);
            MixBlock(y, x, r);
        }
        Shuffle(block, x, r, isBack: true);

        void Keep(int i, Vector128<uint>* state) => Unsafe.CopyBlock(memory + (nint)rows * i, state, (uint)(rows * sizeof(Vector128<uint>)));

        void MixIn(Vector128<uint>* state)
        {
            // The first word of the last block stands on the diagonals where it stood before.
            Vector128<uint>* kept = memory + (nint)rows * (nint)(state[rows - Rows].ToScalar() & (uint)(n - 1));
            for (int row = 0; row < rows; row++)
                state[row] ^= kept[row];
        }
    }

    /// <summary>RFC 7914, 4 (scryptBlockMix).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixBlock(Vector128<uint>* input, Vector128<uint>* output, int r)
    {
        Vector128<uint>* last = input + (2 * r - 1) * Rows;
        Vector128<uint> a = last[0], b = last[1], c = last[2], d = last[3];
        for (int i = 0; i < 2 * r; i++)
        {
            Vector128<uint>* from = input + i * Rows, to = output + (i / 2 + (i & 1) * r) * Rows;
            a ^= from[0];
            b ^= from[1];
            c ^= from[2];
            d ^= from[3];
            Vector128<uint> a0 = a, b0 = b, c0 = c, d0 = d;
            // Salsa20/8 on the diagonals: column rounds, then the same on the transposed, four quarter rounds at once.
            for (int round = 0; round < 4; round++)
            {
                b ^= Rotate(a + d, 7);
                c ^= Rotate(b + a, 9);
                d ^= Rotate(c + b, 13);
                a ^= Rotate(d + c, 18);
                b = Vector128.Shuffle(b, Vector128.Create(3u, 0, 1, 2));
                c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
                d = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 0));
                d ^= Rotate(a + b, 7);
                c ^= Rotate(d + a, 9);
                b ^= Rotate(c + d, 13);
                a ^= Rotate(b + c, 18);
                b = Vector128.Shuffle(b, Vector128.Create(1u, 2, 3, 0));
                c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
                d = Vector128.Shuffle(d, Vector128.Create(3u, 0, 1, 2));
            }
            to[0] = a += a0;
            to[1] = b += b0;
            to[2] = c += c0;
            to[3] = d += d0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> value, int count) => (value << count) | (value >>> (32 - count));

    /// <summary>Between the 4×4 matrix of little-endian words and its diagonals, on which the rounds work.</summary>
    private static void Shuffle(Span<byte> block, Vector128<uint>* diagonals, int r, bool isBack)
    {
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(block), rows = new(diagonals, 2 * r * SalsaWords);
        for (int i = 0; i < 2 * r * SalsaWords; i++)
        {
            int row = i % SalsaWords / 4, column = i % 4;
            // Row 0: words 0 5 10 15; row 1: 4 9 14 3; row 2: 8 13 2 7; row 3: 12 1 6 11.
            int word = i - i % SalsaWords + (row * 4 + column * 5) % SalsaWords;
            if (isBack)
                words[word] = Little(rows[i]);
            else
                rows[i] = Little(words[word]);
        }
    }

    private static uint Little(uint word) => BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);
}
