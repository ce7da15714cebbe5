using System.Text;
using Jumpbag.Storage.Lvm;
using Jumpbag.Storage.Lvm.Format;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Lvm;

public class PhysicalVolumeTests
{
    private const string Uuid = "abcdefGHIJKL0123456789mnopqrST!#";

    /// <summary>The label of a volume that LVM 2.03.16 made: its checksum was computed by LVM.</summary>
    private const string RealLabel =
        "4c4142454c4f4e450100000000000000f5b9ae01200000004c564d32203030316965444431456864765071317456306c"
        + "777a6e4867335a684c684449485971450000800c00000000000010000000000000000000000000000000000000000000"
        + "0000000000000000001000000000000000f00f0000000000000000000000000000000000000000000200000001000000";

    [Fact]
    public void a_label_that_lvm_wrote_has_a_good_checksum()
    {
        var disk = new byte[2 << 20];
        Convert.FromHexString(RealLabel).CopyTo(disk, 512);
        Assert.True(LabelHeader.Parse(disk.AsSpan(512, 512))!.Value.ChecksumIsGood);
        PhysicalVolume volume = PhysicalVolume.TryOpen(new MemoryDevice(disk))!;
        Assert.Equal("ieDD1E-hdvP-q1tV-0lwz-nHg3-ZhLh-DIHYqE", volume.Uuid);
        Assert.Equal(200 << 20, volume.Size);
        Assert.True(volume.IsUsed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void a_label_is_found_in_each_of_the_first_four_sectors(int sector)
    {
        PhysicalVolume volume = PhysicalVolume.TryOpen(new LvmDisk(Uuid, sector: sector).Device)!;
        Assert.Equal("abcdef-GHIJ-KL01-2345-6789-mnop-qrST!#", volume.Uuid);
        Assert.Empty(volume.Warnings);
        Assert.Equal(1 << 20, volume.Size);
    }

    [Fact]
    public void a_label_further_on_is_none() => Assert.Null(PhysicalVolume.TryOpen(new LvmDisk(Uuid, sector: 4).Device));

    [Fact]
    public void a_label_with_a_wrong_checksum_is_used_with_a_warning()
    {
        var disk = new LvmDisk(Uuid);
        disk.Bytes[1000] ^= 1;
        Assert.Contains("checksum", Assert.Single(PhysicalVolume.TryOpen(disk.Device)!.Warnings));
    }

    [Fact]
    public void a_good_label_is_preferred_to_a_damaged_one_before_it()
    {
        var disk = new LvmDisk(Uuid, sector: 2);
        new LvmDisk(new string('x', 32)).Bytes.AsSpan(512, 512).CopyTo(disk.Bytes.AsSpan(512));
        disk.Bytes[1000] ^= 1;
        PhysicalVolume volume = PhysicalVolume.TryOpen(disk.Device)!;
        Assert.StartsWith("abcdef-", volume.Uuid);
        Assert.Empty(volume.Warnings);
    }

    [Fact]
    public void a_bad_sector_before_the_label_does_not_hide_it()
    {
        MemoryDevice device = new LvmDisk(Uuid).Device;
        device.Bad.Add((0, 512));
        Assert.NotNull(PhysicalVolume.TryOpen(device));
    }

    [Fact]
    public void a_truncated_image_is_warned_of()
    {
        byte[] bytes = new LvmDisk(Uuid).Bytes[..500_000];
        Assert.Contains("only 500000 are there", Assert.Single(PhysicalVolume.TryOpen(new MemoryDevice(bytes))!.Warnings));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(1023)]
    [InlineData(1024)]
    public void a_device_too_short_for_a_label_is_no_volume(int length) =>
        Assert.Equal(length >= 1024, PhysicalVolume.TryOpen(new MemoryDevice(new LvmDisk(Uuid).Bytes[..length])) is not null);

    [Fact]
    public void what_only_looks_like_a_label_is_none()
    {
        foreach (Action<byte[]> spoil in new Action<byte[]>[]
            {
                disk => disk[512] = (byte)'l',
                disk => disk[512 + 31] = (byte)'2',
                disk => disk[512 + 40] = 0,
                disk => Encoding.ASCII.GetBytes("\xff\xff\xff\xff").CopyTo(disk, 512 + 20),
                disk => disk.AsSpan(512 + 72, 440).Fill(0x11),
            })
        {
            byte[] bytes = new LvmDisk(Uuid).Bytes;
            spoil(bytes);
            Assert.Null(PhysicalVolume.TryOpen(new MemoryDevice(bytes)));
        }
    }
}
