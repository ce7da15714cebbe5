using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Jumpbag.Backup.Repository;

/// <summary>AES-256 in counter mode by the processor's own instructions, eight blocks under way at once, and AES-128 of one block. Only where <see cref="IsSupported"/>.</summary>
/// <remarks>FIPS 197; NIST SP 800-38A, 6.5: the counter is one big-endian number of 128 bits.</remarks>
internal sealed class AesCounter
{
    private const int Block = 16, Rounds = 14;

    private readonly Vector128<byte>[] keys = new Vector128<byte>[Rounds + 1];

    public AesCounter(ReadOnlySpan<byte> key)
    {
        keys[0] = Vector128.Create(key[..Block]);
        keys[1] = Vector128.Create(key[Block..]);
        Expand(0, Aes.KeygenAssist(keys[1], 0x01));
        Expand(1, Aes.KeygenAssist(keys[3], 0x02));
        Expand(2, Aes.KeygenAssist(keys[5], 0x04));
        Expand(3, Aes.KeygenAssist(keys[7], 0x08));
        Expand(4, Aes.KeygenAssist(keys[9], 0x10));
        Expand(5, Aes.KeygenAssist(keys[11], 0x20));
        Expand(6, Aes.KeygenAssist(keys[13], 0x40));
    }

    /// <summary>AES-128 of one block.</summary>
    public static void Encrypt(ReadOnlySpan<Vector128<byte>> keys, ReadOnlySpan<byte> block, Span<byte> destination)
    {
        Vector128<byte> state = Vector128.Create(block[..Block]) ^ keys[0];
        for (int round = 1; round < keys.Length - 1; round++)
            state = Aes.Encrypt(state, keys[round]);
        Aes.EncryptLast(state, keys[^1]).CopyTo(destination);
    }

    /// <summary>The round keys of AES-128.</summary>
    public static Vector128<byte>[] Keys128(ReadOnlySpan<byte> key)
    {
        var keys = new Vector128<byte>[11];
        keys[0] = Vector128.Create(key[..Block]);
        Next(1, Aes.KeygenAssist(keys[0], 0x01));
        Next(2, Aes.KeygenAssist(keys[1], 0x02));
        Next(3, Aes.KeygenAssist(keys[2], 0x04));
        Next(4, Aes.KeygenAssist(keys[3], 0x08));
        Next(5, Aes.KeygenAssist(keys[4], 0x10));
        Next(6, Aes.KeygenAssist(keys[5], 0x20));
        Next(7, Aes.KeygenAssist(keys[6], 0x40));
        Next(8, Aes.KeygenAssist(keys[7], 0x80));
        Next(9, Aes.KeygenAssist(keys[8], 0x1B));
        Next(10, Aes.KeygenAssist(keys[9], 0x36));
        return keys;

        void Next(int i, Vector128<byte> assist) => keys[i] = Mix(keys[i - 1]) ^ Sse2.Shuffle(assist.AsUInt32(), 0xFF).AsByte();
    }

    public static bool IsSupported => Aes.IsSupported && Sse2.IsSupported;

    /// <summary>The key stream from the counter on over the input; the output may be the input.</summary>
    public void Xor(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> input, Span<byte> output)
    {
        UInt128 counter = BinaryPrimitives.ReadUInt128BigEndian(iv);
        ref byte from = ref MemoryMarshal.GetReference(input), to = ref MemoryMarshal.GetReference(output);
        if (output.Length < input.Length)
            throw new ArgumentException("the output is too short", nameof(output));
        ReadOnlySpan<Vector128<byte>> k = keys;
        int at = 0;
        for (; at <= input.Length - 8 * Block; at += 8 * Block)
        {
            Vector128<byte> first = k[0];
            Vector128<byte> b0 = first ^ Next(ref counter), b1 = first ^ Next(ref counter), b2 = first ^ Next(ref counter), b3 = first ^ Next(ref counter);
            Vector128<byte> b4 = first ^ Next(ref counter), b5 = first ^ Next(ref counter), b6 = first ^ Next(ref counter), b7 = first ^ Next(ref counter);
            for (int round = 1; round < Rounds; round++)
            {
                Vector128<byte> key = k[round];
                b0 = Aes.Encrypt(b0, key);
                b1 = Aes.Encrypt(b1, key);
                b2 = Aes.Encrypt(b2, key);
                b3 = Aes.Encrypt(b3, key);
                b4 = Aes.Encrypt(b4, key);
                b5 = Aes.Encrypt(b5, key);
                b6 = Aes.Encrypt(b6, key);
                b7 = Aes.Encrypt(b7, key);
            }
            Vector128<byte> last = k[Rounds];
            Store(ref from, ref to, at, Aes.EncryptLast(b0, last));
            Store(ref from, ref to, at + Block, Aes.EncryptLast(b1, last));
            Store(ref from, ref to, at + 2 * Block, Aes.EncryptLast(b2, last));
            Store(ref from, ref to, at + 3 * Block, Aes.EncryptLast(b3, last));
            Store(ref from, ref to, at + 4 * Block, Aes.EncryptLast(b4, last));
            Store(ref from, ref to, at + 5 * Block, Aes.EncryptLast(b5, last));
            Store(ref from, ref to, at + 6 * Block, Aes.EncryptLast(b6, last));
            Store(ref from, ref to, at + 7 * Block, Aes.EncryptLast(b7, last));
        }
        Span<byte> stream = stackalloc byte[Block];
        for (; at < input.Length; at += Block)
        {
            Vector128<byte> block = k[0] ^ Next(ref counter);
            for (int round = 1; round < Rounds; round++)
                block = Aes.Encrypt(block, k[round]);
            Aes.EncryptLast(block, k[Rounds]).CopyTo(stream);
            int length = Math.Min(Block, input.Length - at);
            for (int i = 0; i < length; i++)
                output[at + i] = (byte)(input[at + i] ^ stream[i]);
        }
    }

    private static void Store(ref byte from, ref byte to, int at, Vector128<byte> stream) =>
        (Vector128.LoadUnsafe(ref from, (nuint)at) ^ stream).StoreUnsafe(ref to, (nuint)at);

    private static Vector128<byte> Next(ref UInt128 counter)
    {
        UInt128 big = counter++;
        return Vector128.Create(BinaryPrimitives.ReverseEndianness((ulong)(big >> 64)), BinaryPrimitives.ReverseEndianness((ulong)big)).AsByte();
    }

    /// <summary>The two round keys behind a pair of them.</summary>
    private void Expand(int pair, Vector128<byte> assist)
    {
        int i = 2 * pair;
        keys[i + 2] = Mix(keys[i]) ^ Sse2.Shuffle(assist.AsUInt32(), 0xFF).AsByte();
        if (i + 3 <= Rounds)
            keys[i + 3] = Mix(keys[i + 1]) ^ Sse2.Shuffle(Aes.KeygenAssist(keys[i + 2], 0).AsUInt32(), 0xAA).AsByte();
    }

    /// <summary>Each word with all those before it.</summary>
    private static Vector128<byte> Mix(Vector128<byte> key)
    {
        key ^= Sse2.ShiftLeftLogical128BitLane(key, 4);
        return key ^ Sse2.ShiftLeftLogical128BitLane(key, 8);
    }
}
