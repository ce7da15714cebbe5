using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Jumpbag.Backup.Repository;

/// <summary>
/// AES-256 in counter mode with Poly1305-AES over the result: IV (16 bytes), ciphertext, MAC (16 bytes). May be used by several
/// threads at once.
/// </summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Keys, Encryption and MAC"; https://cr.yp.to/mac/poly1305-20050329.pdf</remarks>
internal sealed class RepositoryCipher(ReadOnlyMemory<byte> encryption, ReadOnlyMemory<byte> macCipher, ReadOnlyMemory<byte> macMask) : IDisposable
{
    public const int IvSize = 16, Overhead = IvSize + 16, KeySize = 32, HalfKeySize = 16;

    private const int BlockSize = 16, Batch = 16 << 10;

    [ThreadStatic]
    private static byte[]? random;

    [ThreadStatic]
    private static int randomLeft;

    private readonly AesCounter? counter = AesCounter.IsSupported ? new(encryption.Span) : null;
    private readonly Vector128<byte>[]? nonceKeys = AesCounter.IsSupported ? AesCounter.Keys128(macCipher.Span) : null;
    private readonly ThreadLocal<Aes> ciphers = Ciphers(encryption), nonceCiphers = Ciphers(macCipher);

    /// <summary>What was sealed; null where it was not sealed by these keys, or was altered since.</summary>
    public byte[]? TryOpen(ReadOnlySpan<byte> sealedBytes)
    {
        var plain = new byte[Math.Max(0, sealedBytes.Length - Overhead)];
        return TryOpen(sealedBytes, plain) ? plain : null;
    }

    /// <summary>The same into a place that is <see cref="Overhead"/> shorter.</summary>
    public bool TryOpen(ReadOnlySpan<byte> sealedBytes, Span<byte> plain)
    {
        if (sealedBytes.Length < Overhead)
            return false;
        ReadOnlySpan<byte> iv = sealedBytes[..BlockSize], mac = sealedBytes[^BlockSize..], hidden = sealedBytes[BlockSize..^BlockSize];
        Span<byte> computed = stackalloc byte[BlockSize];
        Mac(iv, hidden, computed);
        if (!CryptographicOperations.FixedTimeEquals(mac, computed))
            return false;
        Xor(iv, hidden, plain);
        return true;
    }

    /// <summary>Seals what stands in <paramref name="plain"/> into a place that is <see cref="Overhead"/> longer; it may stand there already, <see cref="IvSize"/> behind the beginning.</summary>
    public void Seal(ReadOnlySpan<byte> plain, Span<byte> destination)
    {
        Span<byte> iv = destination[..BlockSize], hidden = destination.Slice(BlockSize, plain.Length);
        RandomBlock(iv);
        Xor(iv, plain, hidden);
        Mac(iv, hidden, destination.Slice(BlockSize + plain.Length, BlockSize));
    }

    public byte[] Seal(ReadOnlySpan<byte> plain)
    {
        var hidden = new byte[plain.Length + Overhead];
        Seal(plain, hidden);
        return hidden;
    }

    public void Dispose()
    {
        foreach (Aes aes in ciphers.Values.Concat(nonceCiphers.Values))
            aes.Dispose();
        ciphers.Dispose();
        nonceCiphers.Dispose();
    }

    private void Mac(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> content, Span<byte> mac)
    {
        Span<byte> encrypted = stackalloc byte[BlockSize];
        if (nonceKeys is not null)
            AesCounter.Encrypt(nonceKeys, nonce, encrypted);
        else
            nonceCiphers.Value!.EncryptEcb(nonce, encrypted, PaddingMode.None);
        Poly1305.Compute(macMask.Span, encrypted, content, mac);
    }

    /// <summary>Random bytes are had by the page: asking for sixteen at a time costs more than sealing a small blob.</summary>
    private static void RandomBlock(Span<byte> block)
    {
        if (randomLeft == 0)
        {
            random ??= new byte[4096];
            RandomNumberGenerator.Fill(random);
            randomLeft = random.Length;
        }
        Span<byte> taken = random.AsSpan(randomLeft -= BlockSize, BlockSize);
        taken.CopyTo(block);
        taken.Clear();
    }

    private static ThreadLocal<Aes> Ciphers(ReadOnlyMemory<byte> key) => new(() =>
    {
        Aes aes = Aes.Create();
        aes.Key = key.ToArray();
        return aes;
    }, trackAllValues: true);

    /// <summary>The key stream from the counter on, which is one big-endian number of 128 bits, over the input.</summary>
    private void Xor(ReadOnlySpan<byte> iv, ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (counter is not null)
        {
            counter.Xor(iv, input, output);
            return;
        }
        UInt128 next = BinaryPrimitives.ReadUInt128BigEndian(iv);
        byte[] stream = ArrayPool<byte>.Shared.Rent(Batch);
        try
        {
            for (int at = 0; at < input.Length; at += Batch)
            {
                int length = Math.Min(Batch, input.Length - at), padded = (length + BlockSize - 1) / BlockSize * BlockSize;
                for (int i = 0; i < padded; i += BlockSize)
                    BinaryPrimitives.WriteUInt128BigEndian(stream.AsSpan(i), next++);
                ciphers.Value!.EncryptEcb(stream.AsSpan(0, padded), stream.AsSpan(0, padded), PaddingMode.None);
                int j = 0;
                for (; j <= length - Vector<byte>.Count; j += Vector<byte>.Count)
                    (new Vector<byte>(input[(at + j)..]) ^ new Vector<byte>(stream, j)).CopyTo(output[(at + j)..]);
                for (; j < length; j++)
                    output[at + j] = (byte)(input[at + j] ^ stream[j]);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stream, clearArray: true);
        }
    }
}
