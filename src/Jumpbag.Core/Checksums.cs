using System.Numerics;
using System.Runtime.InteropServices;

namespace Jumpbag.Core;

/// <summary>
/// The checksums that disks use. Values are the raw register: no final inversion is applied, since ext4 and jbd2 apply
/// none and others (GPT) say so where they do.
/// </summary>
public static class Checksums
{
    private static readonly uint[] Crc32Table = MakeCrc32Table();
    private static readonly uint[] Crc32BigEndianTable = MakeCrc32BigEndianTable();
    private static readonly ushort[] Crc16Table = MakeCrc16Table();

    /// <summary>CRC-32C (Castagnoli), reflected, as the kernel's <c>crc32c_le</c>: seed with ~0 for a new sum.</summary>
    public static uint Crc32C(uint seed, ReadOnlySpan<byte> data)
    {
        uint crc = seed;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (byte b in data[(words.Length * 8)..])
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }

    /// <summary>CRC-32 (ISO-HDLC polynomial), reflected, as the kernel's <c>crc32_le</c>: seed with ~0 and invert for GPT.</summary>
    public static uint Crc32(uint seed, ReadOnlySpan<byte> data)
    {
        uint crc = seed;
        foreach (byte b in data)
            crc = Crc32Table[(byte)(crc ^ b)] ^ (crc >> 8);
        return crc;
    }

    /// <summary>CRC-32, most significant bit first, as the kernel's <c>crc32_be</c> (the jbd2 commit checksum of version 1).</summary>
    public static uint Crc32BigEndian(uint seed, ReadOnlySpan<byte> data)
    {
        uint crc = seed;
        foreach (byte b in data)
            crc = Crc32BigEndianTable[(crc >> 24) ^ b] ^ (crc << 8);
        return crc;
    }

    /// <summary>CRC-16 (ARC), reflected, as the kernel's <c>crc16</c>: the group descriptor checksum of ext4's <c>uninit_bg</c>.</summary>
    public static ushort Crc16(ushort seed, ReadOnlySpan<byte> data)
    {
        ushort crc = seed;
        foreach (byte b in data)
            crc = (ushort)((crc >> 8) ^ Crc16Table[(byte)(crc ^ b)]);
        return crc;
    }

    private static uint[] MakeCrc32Table()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB8_8320u : 0);
            table[i] = crc;
        }
        return table;
    }

    private static uint[] MakeCrc32BigEndianTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i << 24;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc << 1) ^ ((crc & 0x8000_0000) != 0 ? 0x04C1_1DB7u : 0);
            table[i] = crc;
        }
        return table;
    }

    private static ushort[] MakeCrc16Table()
    {
        var table = new ushort[256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xA001u : 0);
            table[i] = (ushort)crc;
        }
        return table;
    }
}
