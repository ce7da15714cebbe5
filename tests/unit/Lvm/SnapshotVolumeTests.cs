using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Lvm;
using Jumpbag.Tests.Support;
using static Jumpbag.Tests.Support.LvmDisk;

namespace Jumpbag.Tests.Unit.Lvm;

/// <summary>Old-style snapshots as the metadata joins them: volumes "origin" (4 extents) and "snap", whose store copied extents 1 and 3.</summary>
public class SnapshotVolumeTests
{
    private const int StoreAt = DataStart + (10 * ExtentSize);

    private static LvmDisk Disk(string joining, bool valid = true, string originSegment = "")
    {
        LvmDisk disk = new LvmDisk(new string('a', 32), DataStart + (64 * ExtentSize)).FillData(1);
        disk.Bytes.AsSpan(StoreAt + ExtentSize, ExtentSize).Clear();
        ExceptionStoreBytes.Write(disk.Bytes.AsSpan(StoreAt), ExtentSize, [(1, 2), (3, 3)], valid);
        return disk.Write(Text(Uuids("group"), 1, [disk],
            Volume("origin", originSegment.Length > 0 ? originSegment : Stripes(0, 4, ("pv0", 0))) + Volume("snap", "\"READ\", \"WRITE\", \"VISIBLE\"", [Stripes(0, 6, ("pv0", 10))])
            + Volume("snapshot0", $"start_extent = 0\nextent_count = 4\ntype = \"snapshot\"\nchunk_size = 8\norigin = \"origin\"\n{joining} = \"snap\"\n")));
    }

    private static VolumeGroup Group(LvmDisk disk) => Assert.Single(VolumeGroups.Assemble([PhysicalVolume.TryOpen(disk.Device)!]));

    private static byte[] Read(BlockDevice device)
    {
        var bytes = new byte[device.Length];
        device.Read(0, bytes);
        return bytes;
    }

    private static byte[] Extents(LvmDisk disk, params int[] extents) =>
        [.. extents.SelectMany(extent => disk.Bytes.AsSpan(DataStart + (extent * ExtentSize), ExtentSize).ToArray())];

    [Fact]
    public void a_snapshot_and_its_origin_are_read_each_as_itself()
    {
        LvmDisk disk = Disk("cow_store");
        VolumeGroup group = Group(disk);
        Assert.Equal([("origin", "linear", null), ("snap", "snapshot", "origin")], group.LogicalVolumes.Select(volume => (volume.Name, volume.Type, volume.Origin)));
        LogicalVolume origin = group.LogicalVolumes[0], snap = group.LogicalVolumes[1];
        Assert.Equal((false, true), (origin.IsSnapshot, snap.IsSnapshot));
        // lvs shows the size of the store, the device has the size of the origin.
        Assert.Equal((6L * ExtentSize, 4L * ExtentSize), (snap.Size, snap.ContentSize));
        Assert.Equal(Extents(disk, 0, 1, 2, 3), Read(origin.Open()));
        Assert.Equal(Extents(disk, 0, 12, 2, 13), Read(snap.Open()));
        Assert.Equal((4L * ExtentSize, 6L * ExtentSize), (snap.ReadUsage()!.Used, snap.ReadUsage()!.Total));
        Assert.Null(origin.ReadUsage());
    }

    [Fact]
    public void an_origin_that_a_snapshot_is_being_merged_into_is_read_as_it_will_be()
    {
        LvmDisk disk = Disk("merging_store");
        LogicalVolume origin = Group(disk).LogicalVolumes[0];
        Assert.Equal(Extents(disk, 0, 12, 2, 13), Read(origin.Open()));
        Assert.Contains("snapshot vg/snap is being merged into vg/origin", Assert.Single(origin.Warnings));
    }

    [Fact]
    public void an_invalid_snapshot_is_refused_and_the_origin_is_not_unless_it_was_being_merged()
    {
        VolumeGroup group = Group(Disk("cow_store", valid: false));
        group.LogicalVolumes[0].Open();
        var refused = Assert.Throws<UnsupportedException>(group.LogicalVolumes[1].Open);
        Assert.StartsWith("logical volume vg/snap: the snapshot is invalid: its store was full", refused.Message);
        Assert.Equal("its origin vg/origin can be read", refused.Hint);
        refused = Assert.Throws<UnsupportedException>(Group(Disk("merging_store", valid: false)).LogicalVolumes[0].Open);
        Assert.Contains("cannot be told without it", refused.Hint);
    }

    [Fact]
    public void a_snapshot_of_nothing_has_holes()
    {
        LvmDisk disk = Disk("cow_store", originSegment: "start_extent = 0\nextent_count = 4\ntype = \"zero\"\n");
        BlockDevice device = Group(disk).LogicalVolumes[1].Open();
        Assert.Equal([(0, ExtentKind.Hole), (1, ExtentKind.Computed), (2, ExtentKind.Hole), (3, ExtentKind.Computed)],
            device.Extents(0, device.Length).Select(extent => ((int)(extent.Offset / ExtentSize), extent.Kind)));
        Assert.Equal([.. new byte[ExtentSize], .. Extents(disk, 12), .. new byte[ExtentSize], .. Extents(disk, 13)], Read(device));
    }

    [Fact]
    public void a_snapshot_without_its_origin_or_longer_than_it_is_corrupt()
    {
        Assert.Throws<CorruptException>(Group(Disk("cow_store", originSegment: Stripes(0, 3, ("pv0", 0)))).LogicalVolumes[1].Open);
        LvmDisk disk = Disk("cow_store");
        disk.Write(System.Text.Encoding.ASCII.GetString(disk.Bytes.AsSpan(AreaStart + 512, 2000)).TrimEnd('\0').Split('\0')[0].Replace("origin = \"origin\"", "origin = \"absent\""));
        Assert.Contains("absent", Assert.Throws<CorruptException>(Group(disk).LogicalVolumes[1].Open).Message);
    }

    [Fact]
    public void a_snapshot_that_lies_on_itself_is_corrupt()
    {
        LvmDisk disk = Disk("cow_store", originSegment: Stripes(0, 4, ("snap", 0)));
        VolumeGroup group = Group(disk);
        Assert.Equal(4 * ExtentSize, Read(group.LogicalVolumes[0].Open()).Length);
        disk.Write(Text(Uuids("group"), 2, [disk], Volume("origin", Stripes(0, 4, ("origin", 0))) + Volume("snap", Stripes(0, 6, ("origin", 0)))
            + Volume("snapshot0", "start_extent = 0\nextent_count = 4\ntype = \"snapshot\"\nchunk_size = 8\norigin = \"origin\"\ncow_store = \"snap\"\n")));
        Assert.Throws<CorruptException>(Group(disk).LogicalVolumes[1].Open);
    }

    [Fact]
    public void a_layer_of_a_damaged_snapshot_is_shown_with_the_reason_and_its_neighbours_are_opened()
    {
        LvmDisk disk = Disk("cow_store");
        disk.Bytes[StoreAt] ^= 1;
        Layer group = Layer.OfDisk(disk.Device, "disk", []).Children.Single();
        Assert.Equal([true, false], group.Children.Select(volume => volume.HasContent));
        Assert.Contains("another signature", Assert.IsType<CorruptException>(group.Children[1].Refusal).Message);
        Assert.Equal([false, true], group.Children.Select(volume => volume.Volume!.IsSnapshot));
    }
}
