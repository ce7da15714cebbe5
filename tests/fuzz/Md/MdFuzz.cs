using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Md;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Fuzz.Md;

/// <summary>
/// Damaged and hostile superblocks of MD arrays: whatever the bytes are, the result is an array, a warning, or one of our own exceptions. Most
/// cases get a good checksum again, so that damage reaches what lies behind it.
/// </summary>
public class MdFuzz
{
    private const int Cases = 20_000, Size = 256 * 1024, Superblock = 4096;

    [Fact]
    public void whatever_a_superblock_says_it_ends_in_an_array_or_a_refusal()
    {
        int opened = 0, refused = 0;
        long[] extremes = [0, 1, 2, 3, 7, 8, 255, 256, 1 << 16, (1 << 17) + 2, int.MaxValue, uint.MaxValue, long.MaxValue, long.MaxValue / 512, -1, -2, long.MinValue];
        for (int seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            int members = random.Next(1, 5);
            byte[][] disks = [.. Enumerable.Range(0, members).Select(i => Sound(random, i, members))];
            for (int changes = random.Next(0, 4); changes > 0; changes--)
            {
                Span<byte> b = disks[random.Next(members)].AsSpan(Superblock, 4096);
                int at = random.Next(8) * 8 + 72;
                if (random.Next(2) == 0)
                    BinaryPrimitives.WriteInt32LittleEndian(b[(random.Next(70) * 4)..], (int)extremes[random.Next(extremes.Length)]);
                else
                    BinaryPrimitives.WriteInt64LittleEndian(b[at..], extremes[random.Next(extremes.Length)]);
            }
            if (random.Next(8) > 0)
                foreach (byte[] disk in disks)
                    Seal(disk);
            var damage = new List<string>();
            foreach (MdArray array in MdArrays.Assemble(disks.Select((disk, i) => MdMember.TryOpen(new MemoryDevice(disk), $"disk{i}", damage)).OfType<MdMember>()))
            {
                try
                {
                    BlockDevice device = array.Device;
                    opened++;
                    Assert.InRange(device.Length, 0, long.MaxValue);
                    _ = array.State;
                    _ = array.Warnings;
                    foreach (long offset in new[] { 0, device.Length / 2, device.Length - 100 })
                        TryRead(device, Math.Max(0, offset), 100);
                    foreach (Extent extent in device.Extents(0, device.Length).Take(1000))
                        Assert.InRange(extent.Length, 1, long.MaxValue);
                }
                catch (JumpbagException)
                {
                    refused++;
                    Assert.NotNull(array.State);
                    Assert.Equal(0, array.Size);
                }
            }
        }
        Assert.True(opened > Cases / 4 && refused > Cases / 100, $"{opened} opened, {refused} refused");
    }

    private static void TryRead(BlockDevice device, long offset, int length)
    {
        var bytes = new byte[Math.Min(length, device.Length - offset)];
        try
        {
            device.Read(offset, bytes);
        }
        catch (UnreadableException e)
        {
            Assert.InRange(e.Offset, offset, offset + bytes.Length - 1);
        }
    }

    private static byte[] Sound(Random random, int number, int members)
    {
        (int Level, int Layout)[] kinds = [(-1, 0), (0, 1), (0, 2), (1, 0), (4, 0), (5, 2), (6, 8), (6, 18), (10, 0x102), (10, 0x201), (10, 0x10201)];
        var disk = new byte[Size];
        random.NextBytes(disk.AsSpan(Size / 2));
        Span<byte> b = disk.AsSpan(Superblock, 4096);
        (int level, int layout) = kinds[new Random(random.Next(3) == 0 ? number : 5).Next(kinds.Length)];
        Put32(b, 0, unchecked((int)0xA92B4EFC));
        Put32(b, 4, 1);
        Put32(b, 8, random.Next(3) == 0 ? 1 << random.Next(13) : 0);
        b.Slice(16, 16).Fill(0x42);
        Put32(b, 72, level);
        Put32(b, 76, layout);
        BinaryPrimitives.WriteInt64LittleEndian(b[80..], 256);
        Put32(b, 88, 8);
        Put32(b, 92, Math.Max(members, 2));
        BinaryPrimitives.WriteInt64LittleEndian(b[128..], 128);
        BinaryPrimitives.WriteInt64LittleEndian(b[136..], 256);
        BinaryPrimitives.WriteInt64LittleEndian(b[144..], Superblock / 512);
        Put32(b, 160, number);
        b.Slice(168, 16).Fill((byte)number);
        BinaryPrimitives.WriteInt64LittleEndian(b[200..], 10 + random.Next(3));
        BinaryPrimitives.WriteInt64LittleEndian(b[208..], random.Next(3) == 0 ? random.Next(300) : -1);
        Put32(b, 220, 8);
        for (int i = 0; i < 8; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(b[(256 + (2 * i))..], (ushort)(i < members ? i : 0xFFFF));
        Seal(disk);
        return disk;
    }

    private static void Put32(Span<byte> b, int offset, int value) => BinaryPrimitives.WriteInt32LittleEndian(b[offset..], value);

    private static void Seal(byte[] disk)
    {
        Span<byte> b = disk.AsSpan(Superblock, 4096);
        uint devices = BinaryPrimitives.ReadUInt32LittleEndian(b[220..]);
        if (devices > 1900)
            return;
        ulong sum = 0;
        int length = 256 + (2 * (int)devices);
        for (int i = 0; i + 4 <= length; i += 4)
            sum += i == 216 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(b[i..]);
        if ((length & 2) != 0)
            sum += BinaryPrimitives.ReadUInt16LittleEndian(b[(length - 2)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(b[216..], (uint)sum + (uint)(sum >> 32));
    }
}
