using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Lvm;
using Jumpbag.Tests.Support;
using static Jumpbag.Tests.Support.LvmDisk;

namespace Jumpbag.Tests.Unit.Lvm;

public class LogicalVolumeTests
{
    private static readonly LvmDisk A = new LvmDisk(new string('a', 32)).FillData(1), B = new LvmDisk(new string('b', 32)).FillData(77);

    private static VolumeGroup Group(string logicalVolumes, Func<string, string>? change = null, bool withB = true)
    {
        string text = Text(Uuids("group"), 1, [A, B], logicalVolumes);
        var disk = new LvmDisk(A.Uuid);
        A.Bytes.CopyTo(disk.Bytes, 0);
        disk.Write(change?.Invoke(text) ?? text);
        return Assert.Single(VolumeGroups.Assemble(
            (withB ? new[] { disk, B } : [disk]).Select(part => PhysicalVolume.TryOpen(part.Device)!)));
    }

    private static byte[] Read(BlockDevice device)
    {
        var bytes = new byte[device.Length];
        device.Read(0, bytes);
        return bytes;
    }

    private static ReadOnlySpan<byte> ExtentOf(LvmDisk disk, int extent) => disk.Bytes.AsSpan(DataStart + (extent * ExtentSize), ExtentSize);

    [Fact]
    public void segments_follow_each_other_whatever_their_order_in_the_text()
    {
        LogicalVolume volume = Group(Volume("root", Stripes(1, 1, ("pv1", 0)), Stripes(0, 1, ("pv0", 9)))).LogicalVolumes[0];
        Assert.Equal("linear", volume.Type);
        Assert.Equal(2 * ExtentSize, volume.Size);
        Assert.Equal([.. ExtentOf(A, 9), .. ExtentOf(B, 0)], Read(volume.Open()));
    }

    [Fact]
    public void stripes_take_turns()
    {
        LogicalVolume volume = Group(Volume("root", Stripes(0, 4, ("pv0", 2), ("pv1", 5)))).LogicalVolumes[0];
        Assert.Equal("striped", volume.Type);
        byte[] read = Read(volume.Open());
        for (int chunk = 0; chunk < read.Length / 512; chunk++)
            Assert.Equal((chunk % 2 == 0 ? A : B).Bytes.AsSpan(DataStart + ((chunk % 2 == 0 ? 2 : 5) * ExtentSize) + (chunk / 2 * 512), 512),
                read.AsSpan(chunk * 512, 512));
    }

    [Fact]
    public void a_missing_physical_volume_makes_only_its_stripes_unreadable()
    {
        LogicalVolume volume = Group(Volume("root", Stripes(0, 2, ("pv0", 0), ("pv1", 0)), Stripes(2, 1, ("pv0", 7))), withB: false).LogicalVolumes[0];
        BlockDevice device = volume.Open();
        var bytes = new byte[512];
        device.Read(0, bytes);
        device.Read(1024, bytes);
        device.Read(2 * ExtentSize, new byte[ExtentSize]);
        var failure = Assert.Throws<UnreadableException>(() => device.Read(1000, bytes.AsSpan(0, 100)));
        Assert.Equal((1000, 24), (failure.Offset, failure.Length));
        Assert.Equal($"physical volume {B.DashedUuid} (last known as /dev/sdb) is missing", failure.Reason);
    }

    [Fact]
    public void volumes_on_volumes_are_read()
    {
        VolumeGroup group = Group(Volume("top", Stripes(0, 1, ("below", 1))) + Volume("below", "\"READ\"", [Stripes(0, 3, ("pv0", 4))]));
        Assert.Equal([true, false], group.LogicalVolumes.Select(volume => volume.IsVisible));
        Assert.Equal(ExtentOf(A, 5), Read(group.LogicalVolumes[0].Open()));
    }

    [Fact]
    public void a_volume_that_lies_on_itself_is_corrupt()
    {
        VolumeGroup group = Group(Volume("one", Stripes(0, 1, ("two", 0))) + Volume("two", Stripes(0, 1, ("one", 0))));
        Assert.Throws<CorruptException>(() => group.LogicalVolumes[0].Open());
        Assert.Throws<CorruptException>(() => group.LogicalVolumes[1].Open());
    }

    [Fact]
    public void an_interrupted_pvmove_is_refused_by_the_type_below()
    {
        VolumeGroup group = Group(Volume("root", Stripes(0, 2, ("pvmove0", 0))) + Volume("pvmove0", "\"READ\", \"WRITE\", \"PVMOVE\", \"LOCKED\"",
            ["start_extent = 0\nextent_count = 2\ntype = \"mirror\"\nmirror_count = 2\nextents_moved = 1\nmirrors = [\"pv0\", 0, \"pv1\", 0]\n"]));
        Assert.Contains("vg/pvmove0: reading mirror volumes", Assert.Throws<UnsupportedException>(() => group.LogicalVolumes[0].Open()).Message);
    }

    [Fact]
    public void zero_and_error_segments_are_holes_and_unreadable()
    {
        BlockDevice device = Group(Volume("root", "start_extent = 0\nextent_count = 1\ntype = \"zero\"\n", "start_extent = 1\nextent_count = 1\ntype = \"error\"\n"))
            .LogicalVolumes[0].Open();
        Assert.Equal([ExtentKind.Hole, ExtentKind.Unreadable], device.Extents(0, device.Length).Select(extent => extent.Kind));
        device.Read(0, new byte[ExtentSize]);
        Assert.Throws<UnreadableException>(() => device.Read(ExtentSize, new byte[1]));
    }

    [Theory]
    [InlineData("type = \"striped\"", "type = \"raid5_ls\"", "raid5_ls")]
    [InlineData("type = \"striped\"", "type = \"striped+NEWFLAG\"", "NEWFLAG")]
    [InlineData("status = [\"READ\", \"WRITE\", \"VISIBLE\"]", "status = [\"READ\", \"STRANGE\"]", "STRANGE")]
    [InlineData("status = [\"RESIZEABLE\", ", "status = [\"ALIEN\", ", "ALIEN")]
    [InlineData("status = [\"ALLOCATABLE\"]", "status = [\"UNHEARD_OF\"]", "UNHEARD_OF")]
    public void what_is_not_known_is_refused_by_name(string known, string unknown, string name)
    {
        LogicalVolume volume = Group(Volume("root", Stripes(0, 1, ("pv0", 0))), text => text.Replace(known, unknown)).LogicalVolumes[0];
        Assert.Contains(name, Assert.Throws<UnsupportedException>(volume.Open).Message);
    }

    [Theory]
    [InlineData("start_extent = 0", "start_extent = 1")]
    [InlineData("segment_count = 1", "segment_count = 2")]
    [InlineData("extent_count = 4", "extent_count = 5")]
    [InlineData("extent_count = 4", "extent_count = 0")]
    [InlineData("extent_count = 4", "extent_count = 4000000000")]
    [InlineData("stripe_count = 2", "stripe_count = 3")]
    [InlineData("stripe_count = 2", "stripe_count = 0")]
    [InlineData("stripe_size = 1", "stripe_size = 0")]
    [InlineData("stripe_size = 1", "stripe_size = 3")]
    [InlineData("\"pv1\", 0", "\"pv1\", 63")]
    [InlineData("\"pv1\", 0", "\"pv1\", -1")]
    [InlineData("\"pv1\", 0", "\"pv9\", 0")]
    [InlineData("\"pv1\", 0", "0, \"pv1\"")]
    public void a_volume_that_makes_no_sense_is_corrupt_and_its_group_is_not(string right, string wrong)
    {
        VolumeGroup group = Group(Volume("root", Stripes(0, 4, ("pv0", 0), ("pv1", 0))), text => text.Replace(right, wrong));
        Assert.Throws<CorruptException>(group.LogicalVolumes[0].Open);
    }
}
