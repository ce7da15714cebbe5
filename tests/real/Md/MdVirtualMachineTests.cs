using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Md;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Md;

/// <summary>Arrays that mdadm made under a real kernel, read offline with all and with some of their members, and compared with what the kernel read.</summary>
public sealed class MdVirtualMachineTests(MdMachine machine) : IClassFixture<MdMachine>
{
    [Fact]
    public void every_array_is_read_as_the_kernel_read_it_whatever_tolerated_members_are_missing()
    {
        int arrays = 0, sets = 0;
        foreach (MdMachine.Made made in machine.Arrays.Where(IsPlain))
        {
            BlockDevice[] members = machine.Slots(made);
            foreach (int[] missing in Subsets(made.Count, made.Tolerance))
            {
                MdArray array = MdMachine.Assemble(members.Where((_, i) => !missing.Contains(i)));
                BlockDevice device = array.Device;
                string what = $"{made.Name} without {string.Join(',', missing)}";
                Assert.Equal(made.Size, device.Length);
                Assert.True(made.Hash == DeviceHash.Of(device), what);
                Assert.True(device.IsWhole, what);
                Assert.Equal(missing.Length == 0 ? "clean" : "degraded", array.State);
                Assert.Equal(missing.Length == 0 ? 0 : 1, array.Warnings.Count);
                if (missing.Length < 2)
                    Assert.True(made.Hash == DeviceHash.OfExtents(device), $"{what}: its extents name other bytes");
                sets++;
            }
            arrays++;
        }
        Assert.InRange(arrays, 60, 200);
        Assert.InRange(sets, 250, 3000);
    }

    /// <summary>With more missing than the level makes up for, what is read is right, and what is not read could not have been.</summary>
    [Fact]
    public void with_too_many_members_missing_only_what_they_alone_held_is_unreadable()
    {
        foreach (MdMachine.Made made in machine.Arrays.Where(IsPlain).Where(made => !made.Name.Contains("zones") && !made.Name.StartsWith("linear") && !made.Name.StartsWith("raid0-random")))
        {
            BlockDevice[] members = machine.Slots(made);
            BlockDevice whole = MdMachine.Assemble(members).Device;
            var kept = members.Skip(made.Tolerance + 1).ToList();
            if (kept.Count == 0)
                continue;
            MdArray array = MdMachine.Assemble(kept);
            long lost = 0;
            foreach (Extent extent in array.Device.Extents(0, array.Device.Length))
            {
                byte[] expected = new byte[extent.Length], read = new byte[extent.Length];
                if (extent.Kind == ExtentKind.Unreadable)
                {
                    lost += extent.Length;
                    Assert.Equal(extent.Offset, Assert.Throws<UnreadableException>(() => array.Device.Read(extent.Offset, read)).Offset);
                    continue;
                }
                whole.Read(extent.Offset, expected);
                array.Device.Read(extent.Offset, read);
                Assert.True(expected.AsSpan().SequenceEqual(read), $"{made.Name} at {extent.Offset}");
            }
            // Of a RAID 10 the members that are left may have a copy of everything.
            Assert.Equal(lost == 0, array.Device.Extents(0, array.Device.Length).All(extent => extent.Kind != ExtentKind.Unreadable));
            if (!made.Name.StartsWith("raid10", StringComparison.Ordinal))
            {
                Assert.InRange(lost, 1, made.Size - 1);
                Assert.Equal("failed", array.State);
            }
        }
    }

    [Fact]
    public void a_member_that_the_array_went_on_without_is_left_out()
    {
        foreach (MdMachine.Made made in machine.Arrays.Where(made => made.Name.Contains("-stale-", StringComparison.Ordinal)))
        {
            BlockDevice[] members = machine.Slots(made);
            // Whatever the order in which they are given.
            foreach (IEnumerable<BlockDevice> order in new[] { members, members.Reverse(), members.Where((_, i) => i != 1) })
            {
                MdArray array = MdMachine.Assemble(order);
                Assert.True(made.Hash == DeviceHash.Of(array.Device), made.Name);
                Assert.Equal("degraded", array.State);
                Assert.Equal(array.Members.Count(member => member.State == MdMemberState.Stale), array.Warnings.Count(warning => warning.Contains("stale")));
            }
            Assert.Equal(MdMemberState.Stale, MdMachine.Assemble(members).Members[1].State);
        }
        // Alone, a mirror's old half is all there is: what it held then.
        foreach (string version in new[] { "0.90", "1.2" })
        {
            MdMachine.Made mirror = machine.Arrays.Single(made => made.Name == $"raid1-stale-{version}");
            string old = machine.Lines("state").Single(words => words[0] == mirror.Name)[2];
            Assert.Equal(old, DeviceHash.Of(MdMachine.Assemble([machine.Slots(mirror)[1]]).Device));
        }
    }

    [Fact]
    public void a_member_that_is_being_rebuilt_is_believed_as_far_as_it_was()
    {
        foreach (MdMachine.Made made in machine.Arrays.Where(made => made.Name.Contains("-rebuilding", StringComparison.Ordinal)))
        {
            // The last is the spare; the one before has failed.
            BlockDevice[] members = machine.Slots(made);
            MdArray array = MdMachine.Assemble(members);
            Assert.True(made.Hash == DeviceHash.Of(array.Device), made.Name);
            Assert.Equal(MdMemberState.Stale, array.Members[^2].State);
            Assert.Contains(array.Members[^1].State, new[] { MdMemberState.Rebuilding, MdMemberState.Spare });
            Assert.Equal("degraded", array.State);

            // With one more missing than there is redundancy, the spare serves where it was rebuilt, and nowhere else.
            int tolerance = made.Name[4] == '6' ? 2 : 1;
            MdArray partial = MdMachine.Assemble(members.Skip(tolerance));
            long readable = 0;
            foreach (Extent extent in partial.Device.Extents(0, made.Size).Where(extent => extent.Kind != ExtentKind.Unreadable))
            {
                byte[] expected = new byte[extent.Length], read = new byte[extent.Length];
                array.Device.Read(extent.Offset, expected);
                partial.Device.Read(extent.Offset, read);
                Assert.Equal(expected, read);
                readable += extent.Length;
            }
            if (made.Name != "raid5-rebuilding-old")
                Assert.InRange(readable, made.Size / 20, made.Size - 1);
        }
    }

    [Fact]
    public void a_block_that_a_member_lists_as_bad_is_read_from_the_others()
    {
        MdMachine.Made made = machine.Arrays.Single(made => made.Name == "raid5-badblocks");
        string[] bad = machine.Lines("state").Single(words => words is ["raid5-badblocks", "bad", ..]);
        long start = long.Parse(bad[2], CultureInfo.InvariantCulture), length = long.Parse(bad[3], CultureInfo.InvariantCulture);
        BlockDevice[] members = machine.Slots(made);
        var image = new byte[members[0].Length];
        members[0].Read(0, image);
        // What is in a bad block is old: here it is something else altogether.
        image.AsSpan((int)start, (int)length).Fill(0x5A);
        members[0] = new MemoryDevice(image);
        Assert.True(made.Hash == DeviceHash.Of(MdMachine.Assemble(members).Device));
        Extent[] computed = [.. MdMachine.Assemble(machine.Slots(made)).Device.Extents(0, made.Size).Where(extent => extent.Kind == ExtentKind.Computed)];
        Assert.InRange(computed.Sum(extent => extent.Length), 1, length);
        // Without another member it cannot be had, and only that.
        BlockDevice alone = MdMachine.Assemble(members.Take(2)).Device;
        Assert.InRange(alone.Extents(0, made.Size).Where(extent => extent.Kind == ExtentKind.Unreadable).Sum(extent => extent.Length), 1, 2 * length);
    }

    [Theory]
    [InlineData("raid5-reshape", "was being reshaped")]
    [InlineData("raid5-journal", "has a write journal")]
    public void what_cannot_be_read_rightly_is_refused_by_name(string name, string reason)
    {
        MdArray array = MdMachine.Assemble(machine.Slots(machine.Arrays.Single(made => made.Name == name)));
        Assert.Contains(reason, Assert.Throws<UnsupportedException>(() => array.Device).Message);
        Assert.Equal(0, array.Size);
    }

    [Fact]
    public void a_superblock_of_a_machine_of_the_other_byte_order_is_read()
    {
        MdMachine.Made made = machine.Arrays.First(made => made.Name.StartsWith("raid5-plain-0.90", StringComparison.Ordinal));
        BlockDevice[] members = [.. machine.Slots(made).Select(Swapped)];
        Assert.Equal(made.Hash, DeviceHash.Of(MdMachine.Assemble(members).Device));
        MdArray array = MdMachine.Assemble(members);
        Assert.Equal((3, 3UL > 0, MdMachine.Assemble(machine.Slots(made)).Members[0].Events), (array.ActiveCount, true, array.Members[0].Events));
        // mdadm reads it too, and finds the sum right.
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("member"), ((MemoryDevice)members[0]).Bytes);
        Assert.Contains("correct", Shell.Run("mdadm", "--examine", "--metadata=0.swap", folder.File("member")));
    }

    [Fact]
    public void a_disk_and_its_copy_count_as_one_member()
    {
        MdMachine.Made made = machine.Arrays.First(made => made.Name == "raid5-plain-1.2");
        BlockDevice[] members = machine.Slots(made);
        MdArray array = MdMachine.Assemble([members[0], members[0], members[1]]);
        Assert.Equal(made.Hash, DeviceHash.Of(array.Device));
        Assert.Equal(["degraded", "raid5"], [array.State, array.Level]);
        Assert.Equal(MdMemberState.Duplicate, array.Members[1].State);
        Assert.Contains("disk1 is the same member as disk0 (a disk and its copy?); the first is used", array.Warnings);
    }

    private static bool IsPlain(MdMachine.Made made) =>
        !new[] { "stale", "rebuilding", "badblocks", "reshape", "journal", "spare" }.Any(word => made.Name.Contains(word, StringComparison.Ordinal));

    private static MemoryDevice Swapped(BlockDevice member)
    {
        var image = new byte[member.Length];
        member.Read(0, image);
        Span<byte> superblock = image.AsSpan((int)((member.Length & ~65535L) - 65536), 4096);
        for (int i = 0; i < superblock.Length; i += 4)
            superblock.Slice(i, 4).Reverse();
        // The two words of each 64-bit number change places, too: events, events of the checkpoint, where a reshape was.
        foreach (int word in (ReadOnlySpan<int>)[39, 41])
        {
            Span<byte> pair = superblock.Slice(word * 4, 8);
            byte[] first = pair[..4].ToArray();
            pair[4..].CopyTo(pair);
            first.CopyTo(pair[4..]);
        }
        return new(image);
    }

    private static IEnumerable<int[]> Subsets(int count, int most)
    {
        for (int bits = 0; bits < 1 << count; bits++)
            if (System.Numerics.BitOperations.PopCount((uint)bits) <= most)
                yield return [.. Enumerable.Range(0, count).Where(i => (bits >> i & 1) != 0)];
    }
}
