using System.Buffers.Binary;
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
        Assert.InRange(sets, 300, 3000);
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
                // All of it where only parity is left.
                Assert.InRange(lost, 1, made.Size);
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
        const int First = 352, Count = 24, Length = Count * 512;
        BlockDevice[] members = machine.Slots(made);
        MemoryDevice listing = ListingAsBad(members[0], First, Count);
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("member"), listing.Bytes);
        Assert.Matches($@"Bad-blocks on .*:\n +{First} for {Count} sectors\n", Shell.Run("mdadm", "--examine-badblocks", folder.File("member")));
        Assert.Contains("- correct", Shell.Run("mdadm", "--examine", folder.File("member")), StringComparison.Ordinal);
        // What is in a bad block is old: here it is something else altogether.
        listing.Bytes.AsSpan(First * 512, Length).Fill(0x5A);
        File.WriteAllBytes(folder.File("member"), listing.Bytes);
        using FileSource file = FileSource.Open(folder.File("member"));
        members[0] = file;
        Assert.Equal(made.Hash, DeviceHash.Of(MdMachine.Assemble(members).Device));
        Extent[] computed = [.. MdMachine.Assemble(members).Device.Extents(0, made.Size).Where(extent => extent.Kind == ExtentKind.Computed)];
        Assert.InRange(computed.Sum(extent => extent.Length), 1, Length);
        // Without another member it cannot be had, and only that.
        BlockDevice alone = MdMachine.Assemble(members.Take(2)).Device;
        Assert.InRange(alone.Extents(0, made.Size).Where(extent => extent.Kind == ExtentKind.Unreadable).Sum(extent => extent.Length), 1, 2 * Length);
    }

    [Fact]
    public void what_cannot_be_read_rightly_is_refused_by_name()
    {
        MdArray journaled = MdMachine.Assemble(machine.Slots(machine.Arrays.Single(made => made.Name == "raid5-journal")));
        Assert.Contains("has a write journal", Assert.Throws<UnsupportedException>(() => journaled.Device).Message);
        Assert.Equal(0, journaled.Size);
        MdArray reshaping = MdMachine.Assemble(machine.Slots(machine.Arrays.Single(made => made.Name == "raid5-plain-1.2")).Select(Reshaping));
        Assert.Contains("was being reshaped", Assert.Throws<UnsupportedException>(() => reshaping.Device).Message);
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("member"), Reshaping(machine.Slots(machine.Arrays.Single(made => made.Name == "raid5-plain-1.2"))[0]).Bytes);
        Assert.Contains("Feature Map : 0x4\n", Shell.Run("mdadm", "--examine", folder.File("member")).Replace("0xc", "0x4"));
    }

    /// <summary>The member with sectors in its list of bad blocks, which has room already; they count from the member's start.</summary>
    private static MemoryDevice ListingAsBad(BlockDevice member, int first, int count)
    {
        const byte HasBadBlocks = 8;
        var image = new byte[member.Length];
        member.Read(0, image);
        Span<byte> superblock = image.AsSpan(4096, 4096);
        if ((superblock[8] & HasBadBlocks) == 0)
            AddFeature(superblock, HasBadBlocks);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(4096 + (BinaryPrimitives.ReadInt32LittleEndian(superblock[188..]) * 512)), ((ulong)first << 10) | (uint)count);
        return new(image);
    }

    /// <summary>In the feature map and in the sum.</summary>
    private static void AddFeature(Span<byte> superblock, byte feature)
    {
        superblock[8] |= feature;
        ulong sum = BinaryPrimitives.ReadUInt32LittleEndian(superblock[216..]) + (ulong)feature;
        BinaryPrimitives.WriteUInt32LittleEndian(superblock[216..], (uint)sum + (uint)(sum >> 32));
    }

    /// <summary>The member as a kernel leaves it that is reshaping: a reshape that is stopped in time is hard to come by.</summary>
    private static MemoryDevice Reshaping(BlockDevice member)
    {
        var image = new byte[member.Length];
        member.Read(0, image);
        AddFeature(image.AsSpan(4096, 4096), 4);
        return new(image);
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

    /// <summary>LVM on an array of partitions, partitions on an array of whole disks, a mirror of partitions: all disks, and one left out.</summary>
    [Theory]
    [InlineData("lvm-on-array", "vdb --disk vdc --disk vdd", "", "onraid/root")]
    [InlineData("lvm-on-array", "vdc --disk vdd", "", "onraid/root")]
    [InlineData("lvm-on-array", "vdb@md/data@onraid/root --disk vdd", "", "")]
    [InlineData("partition-on-array", "vde --disk vdf --disk vdg", "", "md/whole@1")]
    [InlineData("partition-on-array", "vdg@md/whole@1 --disk vde", "", "")]
    [InlineData("partition-on-array", "vdf@1 --disk vde", "", "")]
    [InlineData("mirror-of-partitions", "vdb@1", "", "")]
    [InlineData("mirror-of-partitions", "vdc@1", "", "")]
    public void files_are_copied_out_of_arrays(string tree, string source, string path, string shown)
    {
        string expected = machine.Lines("tree").Single(words => words[0] == tree)[1];
        using var folder = new TemporaryFolder();
        string locator = source.Split(' ')[0], disks = string.Join(' ', source.Split(' ')[1..]);
        string layer = shown.Length > 0 ? "@" + shown : "";
        ShellResult result = JumpbagProgram.Bash(Path.GetDirectoryName(machine.Disk('a'))!,
            $"rm -rf {folder.Path}/out; jumpbag cp -r {locator}{layer}:/{path} {folder.Path}/out {disks} && cd {folder.Path}/out && find . -type f | sort | xargs sha256sum | sha256sum");
        Assert.True(result.Output == expected + "  -\n", result.Output + result.Errors);
        bool isDegraded = source.Split("vd").Length - 1 < 3;
        Assert.Equal(isDegraded ? 1 : 0, result.Errors.Split("degraded: raid").Length - 1);
    }

    [Fact]
    public void inspect_shows_arrays_their_members_and_what_is_missing()
    {
        string folder = Path.GetDirectoryName(machine.Disk('a'))!;
        ShellResult text = JumpbagProgram.Bash(folder, "jumpbag inspect vdb --disk vdd");
        Assert.Equal(0, text.Status);
        Assert.Matches(@"(?m)^@2 .* linux_raid_member +active +box:data", text.Output);
        Assert.Contains("member 0 of @md/data", text.Output);
        Assert.Matches(@"(?m)^@md/data .* raid5 2/3 +LVM2_member", text.Output);
        Assert.Contains("vdb@md/data: degraded: raid5 with 2 of 3 members: member 1 is missing\n", text.Errors);
        ShellResult json = JumpbagProgram.Bash(folder, "jumpbag inspect --json -q vdb --disk vdd 2>/dev/null");
        using var parsed = System.Text.Json.JsonDocument.Parse(json.Output);
        System.Text.Json.JsonElement layer = parsed.RootElement.GetProperty("children").EnumerateArray().Single(child => child.GetProperty("kind").GetString() == "array" && child.GetProperty("name").GetString() == "data");
        System.Text.Json.JsonElement array = layer.GetProperty("array");
        Assert.Equal(("raid5", "degraded", 3, 2, 16384), (array.GetProperty("level").GetString(), array.GetProperty("state").GetString(),
            array.GetProperty("places").GetInt32(), array.GetProperty("active").GetInt32(), array.GetProperty("chunkSize").GetInt32()));
        Assert.Equal(["vdb@2", "vdd@2"], array.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("locator").GetString()));
        // mdadm says the same of the member.
        string examined = Shell.Run("bash", "-c", $"loop=$(losetup --find --show --read-only --offset {22528 * 512} {machine.Disk('b')}); mdadm --examine $loop; losetup -d $loop");
        Assert.Contains(array.GetProperty("uuid").GetString()!.Replace("-", "", StringComparison.Ordinal), examined.Replace(":", "", StringComparison.Ordinal));
        ShellResult commands = JumpbagProgram.Bash(folder, "jumpbag inspect --commands -q vdb --disk vdc --disk vdd");
        Assert.Contains("mdadm --assemble --readonly --run /dev/md/data $LOOP", commands.Output);
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
