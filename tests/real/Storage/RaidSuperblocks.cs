using System.Buffers.Binary;
using System.Text;

namespace Jumpbag.Tests.Real.Storage;

/// <summary>
/// Superblocks of Linux arrays made by hand, from include/uapi/linux/raid/md_p.h: a kernel without md cannot make them.
/// </summary>
internal static class RaidSuperblocks
{
    private static readonly byte[] SetUuid = [.. Enumerable.Range(0x10, 16).Select(i => (byte)i)];

    public static long Offset(string version, long length) => version switch
    {
        "0.90" => (length & ~65535L) - 65536,
        "1.0" => (length & ~4095L) - 8192,
        "1.1" => 0,
        _ => 4096,
    };

    public static byte[] Version0(long size)
    {
        var b = new byte[4096];
        int[] words = [unchecked((int)0xA92B4EFC), 0, 90, 0, 0, 0x11223344, 1_500_000_000, 1, (int)(size / 1024), 2, 2, 0, 0, 0x55667788, unchecked((int)0x99AABBCC), 0x0DEEFF00];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(b.AsSpan(i * 4), words[i]);
        // The sum of all words, with the sum's own word zero: word 38.
        uint sum = 0;
        ulong total = 0;
        for (int i = 0; i < 1024; i++)
            total += BinaryPrimitives.ReadUInt32LittleEndian(b.AsSpan(i * 4));
        sum = (uint)(total & uint.MaxValue) + (uint)(total >> 32);
        BinaryPrimitives.WriteUInt32LittleEndian(b.AsSpan(38 * 4), sum);
        return b;
    }

    public static byte[] Version1(string version, long length)
    {
        var b = new byte[512];
        Put32(0, 0xA92B4EFC);
        Put32(4, 1);
        SetUuid.CopyTo(b, 16);
        Encoding.ASCII.GetBytes("host:array").CopyTo(b, 32);
        Put32(72, 1);
        Put64(80, 16 * 1024);
        Put32(92, 2);
        Put64(128, version == "1.0" ? 0UL : 2048);
        Put64(136, 32 * 1024);
        Put64(144, (ulong)Offset(version, length) / 512);
        SetUuid.Reverse().ToArray().CopyTo(b, 168);
        Put32(220, 2);
        BinaryPrimitives.WriteUInt16LittleEndian(b.AsSpan(258), 1);
        // calc_sb_1_csum: words up to the roles, then the roles, folded once.
        ulong sum = 0;
        for (int i = 0; i < 256 + 4; i += 4)
            sum += BinaryPrimitives.ReadUInt32LittleEndian(b.AsSpan(i));
        Put32(216, (uint)(sum & uint.MaxValue) + (uint)(sum >> 32));
        return b;

        void Put32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(b.AsSpan(offset), value);
        void Put64(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(b.AsSpan(offset), value);
    }
}
