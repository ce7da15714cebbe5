using System.Text;
using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Lvm;
using Jumpbag.Tests.Support;
using static Jumpbag.Tests.Support.LvmDisk;

namespace Jumpbag.Tests.Unit.Lvm;

public class VolumeGroupTests
{
    private static readonly string Group = Uuids("group"), Other = Uuids("other");
    private static readonly string OneExtent = Volume("root", Stripes(0, 1, ("pv0", 0)));

    private static LvmDisk Disk(char letter, int areas = 1) => new LvmDisk(new string(letter, 32), areas: areas).FillData((byte)letter);

    private static IReadOnlyList<VolumeGroup> Assemble(params LvmDisk[] disks) =>
        VolumeGroups.Assemble(disks.Select(disk => PhysicalVolume.TryOpen(disk.Device)!));

    private static string WarningsOf(VolumeGroup group) => string.Join('\n', group.Warnings);

    [Fact]
    public void a_text_that_wraps_round_the_end_of_its_ring_is_read()
    {
        LvmDisk disk = Disk('a');
        string text = Text(Group, 1, [disk], OneExtent);
        for (int offset = AreaSize - text.Length - 2; offset < AreaSize; offset += 37)
        {
            VolumeGroup group = Assert.Single(Assemble(disk.Write(text, offset: offset)));
            Assert.Equal("root", Assert.Single(group.LogicalVolumes).Name);
            Assert.Empty(group.Warnings);
        }
    }

    [Fact]
    public void the_newest_text_of_all_areas_and_volumes_wins()
    {
        LvmDisk a = Disk('a', areas: 2), b = Disk('b');
        a.Write(Text(Group, 3, [a, b], OneExtent)).Write(Text(Group, 5, [a, b], OneExtent), area: 1);
        b.Write(Text(Group, 4, [a, b], ""));
        VolumeGroup group = Assert.Single(Assemble(a, b));
        Assert.Equal(5, group.SequenceNumber);
        Assert.Equal(2, group.Warnings.Count);
        Assert.Contains("sequence number 3, the newest is 5", WarningsOf(group));
        Assert.Contains("sequence number 4, the newest is 5", WarningsOf(group));
    }

    [Fact]
    public void where_the_newest_text_is_damaged_the_good_older_one_of_another_area_is_used_with_a_warning()
    {
        LvmDisk disk = Disk('a', areas: 2);
        disk.Write(Text(Group, 1, [disk], OneExtent)).Write(Text(Group, 2, [disk], ""), area: 1);
        disk.Bytes[disk.Area(1) + 600] ^= 1;
        VolumeGroup group = Assert.Single(Assemble(disk));
        Assert.Equal(1, group.SequenceNumber);
        Assert.Contains("checksum", Assert.Single(group.Warnings));
    }

    [Fact]
    public void an_ignored_area_does_not_count_and_a_volume_without_areas_is_found_by_the_others()
    {
        LvmDisk a = Disk('a'), b = Disk('b', areas: 0), c = Disk('c');
        string text = Text(Group, 2, [a, b, c], Volume("root", Stripes(0, 2, ("pv1", 3))));
        a.Write(Text(Group, 9, [a], ""), ignored: true);
        c.Write(text);
        VolumeGroup group = Assert.Single(Assemble(a, b, c));
        Assert.Equal(2, group.SequenceNumber);
        Assert.Empty(group.Warnings);
        var bytes = new byte[2 * ExtentSize];
        group.LogicalVolumes[0].Open().Read(0, bytes);
        Assert.Equal(b.Bytes.AsSpan(DataStart + (3 * ExtentSize), bytes.Length).ToArray(), bytes);
    }

    [Fact]
    public void where_all_current_metadata_is_damaged_the_newest_whole_older_text_is_used_and_said_aloud()
    {
        LvmDisk disk = Disk('a');
        disk.Write(Text(Group, 1, [disk], "")).Write(Text(Group, 2, [disk], OneExtent), offset: 2048).Write(Text(Group, 3, [disk], ""), offset: 4096);
        disk.Bytes[AreaStart + 4100] ^= 0x20;
        VolumeGroup group = Assert.Single(Assemble(disk));
        Assert.Equal(2, group.SequenceNumber);
        Assert.Equal("root", Assert.Single(group.LogicalVolumes).Name);
        Assert.Contains("older text with the sequence number 2", WarningsOf(group));
    }

    [Fact]
    public void with_a_damaged_area_header_the_newest_text_of_the_ring_is_used_and_said_aloud()
    {
        LvmDisk disk = Disk('a');
        disk.Write(Text(Group, 1, [disk], "")).Write(Text(Group, 2, [disk], OneExtent), offset: AreaSize - 512);
        disk.Bytes[AreaStart + 50] ^= 1;
        VolumeGroup group = Assert.Single(Assemble(disk));
        Assert.Equal(2, group.SequenceNumber);
        Assert.Contains("older text", WarningsOf(group));
    }

    [Fact]
    public void an_older_text_whose_tail_was_overwritten_is_not_taken_for_whole()
    {
        LvmDisk disk = Disk('a');
        string padding = string.Concat(Enumerable.Range(0, 20).Select(number => Volume($"old{number:00}", Stripes(0, 1, ("pv0", number)))));
        disk.Write(Text(Group, 1, [disk], padding)).Write(Text(Group, 2, [disk], ""), offset: 2048);
        disk.Bytes[AreaStart + 2100] ^= 0x20;
        Assert.Empty(Assemble(disk));
    }

    [Fact]
    public void a_text_that_is_whole_but_not_understood_is_not_replaced_by_an_older_one()
    {
        LvmDisk disk = Disk('a');
        disk.Write(Text(Group, 1, [disk], OneExtent)).Write(Text(Group, 2, [disk], OneExtent).Replace("version = 1", "version = 2"), offset: 4096);
        var other = new List<string>();
        Assert.Empty(VolumeGroups.Assemble([PhysicalVolume.TryOpen(disk.Device)!], other));
        Assert.Contains("version", Assert.Single(other));
        Assert.Equal(other, Layer.OfDisk(disk.Device, "disk.img", []).GroupWarnings);
    }

    [Fact]
    public void a_removed_group_does_not_come_back_from_the_ring()
    {
        LvmDisk disk = Disk('a');
        disk.Write(Text(Group, 1, [disk], OneExtent)).WriteHeader(0, 0, 0, 0);
        Assert.Empty(Assemble(disk));
    }

    [Fact]
    public void of_a_disk_and_its_copy_the_first_counts_with_its_metadata()
    {
        LvmDisk original = Disk('a'), copy = Disk('a').FillData(99);
        original.Write(Text(Group, 4, [original], OneExtent));
        copy.Write(Text(Group, 9, [copy], ""));
        VolumeGroup group = Assert.Single(Assemble(original, copy));
        Assert.Equal(4, group.SequenceNumber);
        Assert.Same(original.Bytes, ((MemoryDevice)group.PhysicalVolumes[0].Volume!.Device).Bytes);
        Assert.Contains("given 2 times", Assert.Single(group.Warnings));
    }

    [Fact]
    public void groups_of_the_same_name_stay_apart()
    {
        LvmDisk a = Disk('a'), b = Disk('b');
        a.Write(Text(Group, 1, [a], OneExtent));
        b.Write(Text(Other, 1, [b], OneExtent));
        IReadOnlyList<VolumeGroup> groups = Assemble(a, b);
        Assert.Equal([Group, Other], groups.Select(group => group.Uuid));
        Assert.All(groups, group => Assert.Equal("vg", group.Name));
    }

    [Fact]
    public void a_volume_that_moved_to_another_group_is_missing_in_the_one_it_left()
    {
        LvmDisk a = Disk('a'), b = Disk('b');
        a.Write(Text(Group, 8, [a, b], Volume("root", Stripes(0, 1, ("pv1", 0))), creationTime: 1000));
        b.Write(Text(Other, 1, [b], OneExtent, name: "new", creationTime: 2000));
        IReadOnlyList<VolumeGroup> groups = Assemble(a, b);
        Assert.Null(groups[0].PhysicalVolumes[1].Volume);
        Assert.Contains("now belongs to volume group new", WarningsOf(groups[0]));
        Assert.NotNull(groups[1].PhysicalVolumes[0].Volume);
    }

    [Fact]
    public void a_volume_flagged_missing_that_is_there_is_used_with_a_warning()
    {
        LvmDisk disk = Disk('a');
        disk.Write(Text(Group, 1, [disk], OneExtent, flags: "\"MISSING\""));
        VolumeGroup group = Assert.Single(Assemble(disk));
        Assert.True(group.PhysicalVolumes[0].IsFlaggedMissing);
        Assert.Contains("was away", Assert.Single(group.Warnings));
        group.LogicalVolumes[0].Open().Read(0, new byte[ExtentSize]);
    }

    [Fact]
    public void two_states_with_one_sequence_number_are_warned_of()
    {
        LvmDisk a = Disk('a'), b = Disk('b');
        a.Write(Text(Group, 4, [a, b], "", creationTime: 1000));
        b.Write(Text(Group, 4, [a, b], OneExtent, creationTime: 1001));
        VolumeGroup group = Assert.Single(Assemble(a, b));
        Assert.Single(group.LogicalVolumes);
        Assert.Contains("two different states", WarningsOf(group));
    }
}
