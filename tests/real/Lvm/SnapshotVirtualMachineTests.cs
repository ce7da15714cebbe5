using System.Globalization;
using System.Security.Cryptography;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Storage;
using Jumpbag.Storage.Lvm;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Lvm;

/// <summary>
/// Old-style snapshots and thin volumes that lvm2 and a real kernel made (make-snapshots.sh), read offline and compared with what lvs said
/// of them, and with the SHA-256 of what the kernel read from the volumes and from the files in them.
/// </summary>
public sealed class SnapshotVirtualMachineTests(SnapshotVirtualMachineTests.Machine machine) : IClassFixture<SnapshotVirtualMachineTests.Machine>
{
    [Fact]
    public void every_volume_gives_the_bytes_that_the_kernel_gave()
    {
        int compared = 0;
        foreach (string[] words in machine.Lines("content").Select(line => line.Split(' ')))
        {
            LogicalVolume volume = machine.Volume(words[0]);
            BlockDevice device = volume.Open();
            Assert.Equal((words[0], words[1]), (words[0], device.Length.ToString(CultureInfo.InvariantCulture)));
            Assert.Equal(device.Length, volume.ContentSize);
            Assert.True(words[2] == DeviceHash.Of(device), $"{words[0]} reads as other bytes");
            Assert.True(words[2] == DeviceHash.OfExtents(device), $"{words[0]}: its extents name other bytes");
            compared++;
        }
        Assert.InRange(compared, 30, 100);
        Assert.DoesNotContain(machine.Volume("thin/empty").Open().Extents(0, 24 << 20), extent => extent.Kind != ExtentKind.Hole);
    }

    [Fact]
    public void a_snapshot_that_overflowed_is_refused_and_its_origin_is_not()
    {
        Assert.Contains("the snapshot is invalid", Assert.Throws<UnsupportedException>(() => machine.Volume("old/full").Open()).Message);
        machine.Volume("old/small").Open().Read(0, new byte[4096]);
    }

    [Fact]
    public void origins_pools_and_usage_are_those_of_lvs()
    {
        int compared = 0;
        foreach (string[] field in machine.Lines("volume").Distinct().Select(line => line.Split('|')))
        {
            LogicalVolume volume = machine.Volume($"{field[0]}/{field[1]}");
            // lvs brackets the names of hidden volumes.
            Assert.Equal((field[1], field[3].Trim('[', ']'), field[4]), (volume.Name, volume.Origin ?? "", volume.Pool ?? ""));
            // Two have changed since: a merge has begun, and a replacement stands in. Of the third the kernel counts what it could not write, or does not.
            if (field[5].Length == 0 || field[7][4] == 'I' || field[7].StartsWith("swi-I", StringComparison.Ordinal) || volume.Name is "replaced" or "beside" or "onworn")
                continue;
            VolumeUsage usage = volume.ReadUsage()!;
            Assert.True(Math.Abs(usage.Percent - Number(field[5])) < 0.01, $"{volume.FullName}: {usage.Percent} %, by lvs {field[5]}");
            if (field[6].Length > 0)
                Assert.InRange(usage.MetadataPercent!.Value - Number(field[6]), -1, 1);
            compared++;
        }
        Assert.InRange(compared, 15, 100);

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>Their bytes are compared with all others'.</summary>
    [Fact]
    public void a_pool_that_the_kernel_gave_up_is_read_with_a_warning_and_a_full_one_without()
    {
        Assert.Matches(" needs_check ", machine.Lines("pool").Single(line => line.StartsWith("worn ", StringComparison.Ordinal)));
        Assert.Equal(["thin pool thin/worn: the kernel found its metadata damaged and marked it needs_check; what can be told to be damaged is not read"], machine.Volume("thin/onworn").Warnings);
        Assert.Matches(" out_of_data_space ", machine.Lines("pool").Single(line => line.StartsWith("brim ", StringComparison.Ordinal)));
        Assert.Empty(machine.Volume("thin/overfull").Warnings);
        Assert.Equal(100, machine.Volume("thin/brim").ReadUsage()!.Percent);
        Assert.Equal(["thin/onworn", "thin/overfull"], machine.Lines("content").Select(line => line.Split(' ')[0]).Where(name => name is "thin/onworn" or "thin/overfull").Order());
    }

    [Fact]
    public void a_merge_that_was_stopped_half_way_is_known_as_one()
    {
        // "8320/10240 0 8192 snapshot-merge 4128/10240 24": begun, and not done.
        string[] status = machine.Lines("merge").Single().Split(' ');
        Assert.Equal("snapshot-merge", status[3]);
        Assert.InRange(Sectors(status[4]), Sectors(status[5]) + 1, Sectors(status[0]) - 1);
        LogicalVolume merged = machine.Volume("old/merged");
        Assert.Equal(["snapshot old/merging is being merged into old/merged, which is read as it will be afterwards"], merged.Warnings);
        Assert.False(machine.Volume("old/merging").IsVisible);
        VolumeUsage left = machine.Volume("old/merging").ReadUsage()!;
        Assert.InRange(left.Used, 3 * 4096, (Sectors(status[0]) * 512) - 1);

        static long Sectors(string text) => long.Parse(text.Split('/')[0], CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData("old/vm_disk")]
    [InlineData("old/vm_snap")]
    [InlineData("thin/vm_disk")]
    [InlineData("thin/vm_snap")]
    public void the_files_in_a_partition_of_a_volume_are_those_that_the_kernel_showed(string volume)
    {
        string[] expected = [.. machine.Lines("file").Where(line => line.StartsWith(volume + " ", StringComparison.Ordinal)).Select(line => line[(volume.Length + 1)..])];
        Assert.InRange(expected.Length, 7, 100);
        string[] read = [.. expected.Select(line =>
        {
            string path = line[line.IndexOf("./", StringComparison.Ordinal)..][1..];
            using var places = new PlaceOpener([machine.Disk(volume.StartsWith("old", StringComparison.Ordinal) ? 1 : 3)], replay: true, _ => { });
            Place place = places.Open($"{machine.Disk(volume.StartsWith("old", StringComparison.Ordinal) ? 0 : 2)}@{volume}@2:{path}");
            byte[] content = place.Tree.ReadSmallFile(place.Path, 1 << 20)!;
            return $"{Convert.ToHexStringLower(SHA256.HashData(content))}  .{path}";
        })];
        Assert.Equal(expected, read);
    }

    [Fact]
    public void a_name_that_an_origin_shares_with_its_snapshot_means_the_origin()
    {
        string hostname(string locator)
        {
            using var places = new PlaceOpener([machine.Disk(1)], replay: true, _ => { });
            Place place = places.Open(locator);
            return System.Text.Encoding.ASCII.GetString(place.Tree.ReadSmallFile(place.Path, 100)!).Trim();
        }
        Assert.Equal("later", hostname($"{machine.Disk(0)}@old:/etc/hostname"));
        Assert.Equal("first", hostname($"{machine.Disk(0)}@old/vm_snap:/etc/hostname"));
        Assert.Equal("first", hostname($"{machine.Disk(0)}@vm_snap@2:/etc/hostname"));
    }

    [Fact]
    public void without_one_disk_the_rest_of_a_snapshot_is_right()
    {
        IReadOnlyList<VolumeGroup> partial = VolumeGroups.Assemble(machine.Disks.Where((_, index) => index != 1));
        int unreadable = 0, right = 0;
        foreach (string name in new[] { "inpieces", "snap1", "ofstriped", "vm_snap" })
        {
            BlockDevice whole = machine.Volume($"old/{name}").Open(), device;
            try
            {
                device = partial.Single(group => group.Name == "old").FindLogicalVolume(name)!.Open();
            }
            catch (CorruptException)
            {
                unreadable++;
                continue;
            }
            foreach (Extent extent in device.Extents(0, device.Length))
            {
                byte[] expected = new byte[extent.Length], read = new byte[extent.Length];
                if (extent.Kind == ExtentKind.Unreadable)
                {
                    unreadable++;
                    Assert.Throws<UnreadableException>(() => device.Read(extent.Offset, read));
                    continue;
                }
                right++;
                whole.Read(extent.Offset, expected);
                device.Read(extent.Offset, read);
                Assert.Equal(expected, read);
            }
        }
        Assert.True(unreadable > 0 && right > 0, $"{unreadable} unreadable, {right} right");
    }

    /// <summary>The disks as the machine left them, and what it said. It runs when the first test asks.</summary>
    public sealed class Machine : IDisposable
    {
        private const int DiskCount = 4;

        private readonly TemporaryFolder folder = new();
        private readonly Lazy<string> answer;
        private readonly Lazy<PhysicalVolume[]> disks;
        private readonly Lazy<IReadOnlyList<VolumeGroup>> groups;

        public Machine()
        {
            answer = new(MakeVolumes);
            disks = new(() =>
            {
                _ = answer.Value;
                return [.. Enumerable.Range(0, DiskCount).Select(number => PhysicalVolume.TryOpen(FileSource.Open(PathOf(number)))!)];
            });
            groups = new(() => VolumeGroups.Assemble(Disks));
        }

        public IReadOnlyList<PhysicalVolume> Disks => disks.Value;

        /// <summary>The path of a disk that was made.</summary>
        public string Disk(int number)
        {
            _ = answer.Value;
            return PathOf(number);
        }

        public LogicalVolume Volume(string name) => groups.Value.Single(group => group.Name == name.Split('/')[0]).FindLogicalVolume(name.Split('/')[1])!;

        public IEnumerable<string> Lines(string kind) =>
            answer.Value.Split('\n').Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(line => line[(kind.Length + 1)..].TrimEnd());

        public void Dispose()
        {
            if (disks.IsValueCreated)
                foreach (PhysicalVolume volume in disks.Value)
                    ((FileSource)volume.Device).Dispose();
            folder.Dispose();
        }

        private string PathOf(int number) => folder.File($"disk{number}");

        private string MakeVolumes()
        {
            for (int number = 0; number < DiskCount; number++)
                using (FileStream disk = File.Create(PathOf(number)))
                    disk.SetLength(128 << 20);
            // The seed of what is written where: another one each day, and the same for all runs of that day.
            string seed = DateTime.UtcNow.DayOfYear.ToString("00000", CultureInfo.InvariantCulture);
            using (FileStream first = File.OpenWrite(PathOf(0)))
                first.Write(System.Text.Encoding.ASCII.GetBytes(seed));
            string script = Path.Combine(VirtualMachine.Repository, "tests", "real", "Lvm", "make-snapshots.sh");
            ShellResult result = VirtualMachine.Run(script, Enumerable.Range(0, DiskCount).Select(PathOf), ["dm-delay"],
                ["losetup", "blkdiscard", "sfdisk", "mke2fs", "mount"], minutes: 9);
            Assert.True(result.Status == 0 && result.Output.EndsWith("done\n", StringComparison.Ordinal), $"seed {seed}\n{result.Output}\n{result.Errors}");
            return result.Output;
        }
    }
}
