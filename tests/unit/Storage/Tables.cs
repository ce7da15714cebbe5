using System.Buffers.Binary;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Tests.Unit.Storage;

/// <summary>Partition tables made by hand, byte by byte.</summary>
internal static class Tables
{
    public static readonly Guid Linux = new("0fc63daf-8483-4772-8e79-3d69d8477de4");

    public static void Mbr(byte[] disk, long sector, params (byte Type, uint Start, uint Count)[] entries)
    {
        Span<byte> b = disk.AsSpan((int)(sector * 512), 512);
        for (int i = 0; i < entries.Length; i++)
        {
            Span<byte> e = b[(446 + i * 16)..];
            e[4] = entries[i].Type;
            BinaryPrimitives.WriteUInt32LittleEndian(e[8..], entries[i].Start);
            BinaryPrimitives.WriteUInt32LittleEndian(e[12..], entries[i].Count);
        }
        b[510] = 0x55;
        b[511] = 0xAA;
    }

    public static byte[] Gpt(int sectors, int sectorSize, int entryLength, params (ulong First, ulong Last, string Name)[] partitions)
    {
        var disk = new byte[sectors * sectorSize];
        Mbr(disk, 0, (0xEE, 1, (uint)sectors - 1));
        int arraySectors = (128 * entryLength + sectorSize - 1) / sectorSize;
        var array = new byte[128 * entryLength];
        for (int i = 0; i < partitions.Length; i++)
        {
            Span<byte> e = array.AsSpan(i * entryLength);
            Linux.TryWriteBytes(e);
            new Guid(i + 1, 2, 3, new byte[8]).TryWriteBytes(e[16..]);
            BinaryPrimitives.WriteUInt64LittleEndian(e[32..], partitions[i].First);
            BinaryPrimitives.WriteUInt64LittleEndian(e[40..], partitions[i].Last);
            Encoding.Unicode.GetBytes(partitions[i].Name).CopyTo(e[56..]);
        }
        array.CopyTo(disk, 2 * sectorSize);
        array.CopyTo(disk, (sectors - 1 - arraySectors) * sectorSize);
        Header(disk, 1, sectors - 1, 2, array, sectorSize, entryLength, arraySectors, sectors);
        Header(disk, sectors - 1, 1, sectors - 1 - arraySectors, array, sectorSize, entryLength, arraySectors, sectors);
        return disk;
    }

    private static void Header(byte[] disk, long own, long other, long arrayAt, byte[] array, int sectorSize, int entryLength, int arraySectors, int sectors)
    {
        Span<byte> b = disk.AsSpan((int)(own * sectorSize), 92);
        "EFI PART"u8.CopyTo(b);
        BinaryPrimitives.WriteUInt32LittleEndian(b[8..], 0x10000);
        BinaryPrimitives.WriteUInt32LittleEndian(b[12..], 92);
        BinaryPrimitives.WriteInt64LittleEndian(b[24..], own);
        BinaryPrimitives.WriteInt64LittleEndian(b[32..], other);
        BinaryPrimitives.WriteInt64LittleEndian(b[40..], 2 + arraySectors);
        BinaryPrimitives.WriteInt64LittleEndian(b[48..], sectors - 2 - arraySectors);
        new Guid("11223344-5566-7788-99aa-bbccddeeff00").TryWriteBytes(b[56..]);
        BinaryPrimitives.WriteInt64LittleEndian(b[72..], arrayAt);
        BinaryPrimitives.WriteInt32LittleEndian(b[80..], 128);
        BinaryPrimitives.WriteInt32LittleEndian(b[84..], entryLength);
        BinaryPrimitives.WriteUInt32LittleEndian(b[88..], ~Checksums.Crc32(uint.MaxValue, array));
        BinaryPrimitives.WriteUInt32LittleEndian(b[16..], ~Checksums.Crc32(uint.MaxValue, b));
    }
}
