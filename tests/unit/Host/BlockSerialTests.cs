using System.Text;
using Jumpbag.Host;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Host;

/// <summary>On a /sys that is laid out as the kernel lays it out: this machine has no disk with a serial number.</summary>
public sealed class BlockSerialTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("nvme0n1p2", "pci/nvme/nvme0/nvme0n1/nvme0n1p2", "S5GXNX0R123456")]
    [InlineData("nvme0n1", "pci/nvme/nvme0/nvme0n1", "S5GXNX0R123456")]
    [InlineData("vda1", "pci/virtio1/block/vda/vda1", "virt-1")]
    [InlineData("sda1", "pci/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1", "WD-WX12A34")]
    [InlineData("sdb", "pci/usb1/host1/target1:0:0/1:0:0:0/block/sdb", "naa.5000c500a1b2c3d4")]
    [InlineData("dm-0", "virtual/block/dm-0", "LVM-abc")]
    [InlineData("zram0", "virtual/block/zram0", null)]
    public void the_serial_number_is_the_one_on_the_label_where_the_kernel_knows_it(string name, string place, string? serial)
    {
        Write("pci/nvme/nvme0/serial", "S5GXNX0R123456      \n"u8);
        Write("pci/nvme/nvme0/nvme0n1/wwid", "eui.0025385b\n"u8);
        Link("pci/nvme/nvme0/nvme0n1/device", "..");
        Write("pci/nvme/nvme0/nvme0n1/nvme0n1p2/partition", "2\n"u8);
        Write("pci/virtio1/block/vda/serial", "virt-1"u8);
        Write("pci/virtio1/block/vda/vda1/partition", "1\n"u8);
        const string Ata = "pci/ata1/host0/target0:0:0/0:0:0:0";
        Write($"{Ata}/wwid", "naa.50014ee2b1\n"u8);
        Write($"{Ata}/vpd_pg80", [0, 0x80, 0, 20, .. Encoding.ASCII.GetBytes("          WD-WX12A34")]);
        Write($"{Ata}/block/sda/sda1/partition", "1\n"u8);
        Link($"{Ata}/block/sda/device", "../..");
        Write("pci/usb1/host1/target1:0:0/1:0:0:0/wwid", "naa.5000c500a1b2c3d4\n"u8);
        Write("pci/usb1/host1/target1:0:0/1:0:0:0/vpd_pg80", [0, 0x80, 0, 0]);
        Write("pci/usb1/host1/target1:0:0/1:0:0:0/block/sdb/size", "1\n"u8);
        Link("pci/usb1/host1/target1:0:0/1:0:0:0/block/sdb/device", "../..");
        Write("virtual/block/dm-0/dm/uuid", "LVM-abc\n"u8);
        Write("virtual/block/zram0/size", "1\n"u8);
        Link($"../class/block/{name}", $"../../devices/{place}");
        Assert.Equal(serial, BlockSerial.OfDevice(name, folder.File("sys")));
    }

    private void Write(string file, ReadOnlySpan<byte> content)
    {
        string path = folder.File("sys/devices/" + file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    private void Link(string name, string target)
    {
        string path = folder.File("sys/devices/" + name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, target);
    }
}
