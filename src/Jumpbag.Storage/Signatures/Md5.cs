using System.Buffers.Binary;
using System.Numerics;

namespace Jumpbag.Storage.Signatures;

/// <summary>
/// MD5 (RFC 1321) of a message that fits one block: it makes the UUID of HFS volumes. The platform's own would load
/// OpenSSL, which may be missing where Jumpbag runs.
/// </summary>
internal static class Md5
{
    private static ReadOnlySpan<byte> Rotations => [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

    public static void Hash(ReadOnlySpan<byte> message, Span<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, 55);
        Span<byte> block = stackalloc byte[64];
        block.Clear();
        message.CopyTo(block);
        block[message.Length] = 0x80;
        BinaryPrimitives.WriteUInt64LittleEndian(block[56..], (ulong)message.Length * 8);

        Span<uint> initial = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476];
        uint a = initial[0], b = initial[1], c = initial[2], d = initial[3];
        for (int i = 0; i < 64; i++)
        {
            (uint f, int word) = (i / 16) switch
            {
                0 => ((b & c) | (~b & d), i),
                1 => ((d & b) | (~d & c), (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | ~d), 7 * i % 16),
            };
            uint constant = (uint)(long)Math.Floor(Math.Abs(Math.Sin(i + 1)) * 4294967296.0);
            uint sum = a + f + constant + BinaryPrimitives.ReadUInt32LittleEndian(block[(word * 4)..]);
            (a, d, c, b) = (d, c, b, b + BitOperations.RotateLeft(sum, Rotations[i / 16 * 4 + i % 4]));
        }
        ReadOnlySpan<uint> state = [a, b, c, d];
        for (int i = 0; i < 4; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(hash[(i * 4)..], initial[i] + state[i]);
    }
}
