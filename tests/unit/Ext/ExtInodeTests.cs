using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.Tests.Unit.Ext;

public class ExtInodeTests
{
    /// <summary>The cases of the kernel's own table: low 32 bits, epoch bits, the date as date(1) has it.</summary>
    [Theory]
    [InlineData(0x8000_0000u, 0u, "1901-12-13T20:45:52")]
    [InlineData(0xFFFF_FFFFu, 0u, "1969-12-31T23:59:59")]
    [InlineData(0x0000_0000u, 0u, "1970-01-01T00:00:00")]
    [InlineData(0x7FFF_FFFFu, 0u, "2038-01-19T03:14:07")]
    [InlineData(0x8000_0000u, 1u, "2038-01-19T03:14:08")]
    [InlineData(0xFFFF_FFFFu, 1u, "2106-02-07T06:28:15")]
    [InlineData(0x0000_0000u, 1u, "2106-02-07T06:28:16")]
    [InlineData(0x7FFF_FFFFu, 1u, "2174-02-25T09:42:23")]
    [InlineData(0x8000_0000u, 2u, "2174-02-25T09:42:24")]
    [InlineData(0x7FFF_FFFFu, 2u, "2310-04-04T16:10:39")]
    [InlineData(0x8000_0000u, 3u, "2310-04-04T16:10:40")]
    [InlineData(0x7FFF_FFFFu, 3u, "2446-05-10T22:38:55")]
    public void times_reach_from_1901_to_2446(uint seconds, uint epoch, string date)
    {
        byte[] raw = new byte[256];
        BinaryPrimitives.WriteUInt16LittleEndian(raw.AsSpan(0x80), 32);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(0x10), seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(raw.AsSpan(0x88), (123_456_789u << 2) | epoch);
        long expected = new DateTimeOffset(DateTime.SpecifyKind(DateTime.Parse(date), DateTimeKind.Utc)).ToUnixTimeSeconds();
        Assert.Equal(new Timestamp(expected, 123_456_789), ExtInode.Parse(raw).Modified);
    }

    [Fact]
    public void a_field_behind_i_extra_isize_is_not_read()
    {
        byte[] raw = new byte[256];
        raw.AsSpan(0x82).Fill(0xFF);
        BinaryPrimitives.WriteUInt16LittleEndian(raw.AsSpan(0x80), 4);
        ExtInode inode = ExtInode.Parse(raw);
        Assert.Equal(new Timestamp(0, 0), inode.Changed);
        Assert.Null(inode.Born);
        Assert.Null(ExtInode.Parse(new byte[128]).Born);
    }

    [Fact]
    public void owners_have_32_bits()
    {
        byte[] raw = new byte[128];
        (raw[0x2], raw[0x78], raw[0x18], raw[0x7B]) = (1, 2, 3, 4);
        ExtInode inode = ExtInode.Parse(raw);
        Assert.Equal((0x2_0001u, 0x400_0003u), (inode.Uid, inode.Gid));
    }
}
