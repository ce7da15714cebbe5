using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Lvm;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Lvm;

/// <summary>
/// Volume groups that lvm2 made under a real kernel (make-volumes.sh), read offline and compared with what lvs, pvs and vgs
/// said of them and with the SHA-256 of what the kernel read.
/// </summary>
public sealed class LvmVirtualMachineTests(LvmVirtualMachineTests.Machine machine) : IClassFixture<LvmVirtualMachineTests.Machine>
{
    [Fact]
    public void groups_and_volumes_are_listed_as_lvm_lists_them()
    {
        IReadOnlyList<VolumeGroup> groups = machine.Groups();
        Assert.All(groups, group => Assert.Empty(group.Warnings));
        string[] vgs = [.. groups.Select(group => string.Join('|', group.Name, group.Uuid, group.SequenceNumber, group.ExtentSize, group.PhysicalVolumes.Count))];
        // vgexport came after the report: one change more.
        string[] expected = [.. machine.Lines("vg").Select(line => line.Split('|'))
            .Select(field => string.Join('|', field[0], field[1], field[0] == "exported" ? long.Parse(field[2]) + 1 : long.Parse(field[2]), field[3], field[4]))];
        Assert.Equal(expected.Order(), vgs.Order());
        Assert.Equal(["exported"], groups.Where(group => group.IsExported).Select(group => group.Name));

        string[] pvs = [.. groups.SelectMany(group => group.PhysicalVolumes.Select(reference =>
            string.Join('|', reference.Uuid, reference.Volume!.Size, group.Name, reference.Start, reference.ExtentCount, reference.LastDevice)))];
        Assert.Equal(machine.Lines("pv").Order(), pvs.Order());

        var segments = new List<string>();
        foreach (VolumeGroup group in groups)
            foreach (LogicalVolume volume in group.LogicalVolumes)
                foreach (Segment segment in volume.Segments)
                    segments.Add(string.Join('|', group.Name, volume.IsVisible ? volume.Name : $"[{volume.Name}]", volume.Uuid, volume.Size, segment.Type,
                        volume.Origin, string.Join(',', volume.Tags.Order(StringComparer.Ordinal)), segment.FirstExtent * group.ExtentSize, segment.ExtentCount * group.ExtentSize));
        // lvs shows the origins of caches, too; they are not ours yet.
        string[] listed = [.. machine.Lines("segment").Select(line => line.Split('|'))
            .Select(field => string.Join('|', [.. field[..5], field[4] is "cache" ? "" : field[5], SortedTags(field[6]), field[7], field[8]]))];
        Assert.Equal(listed.Order(StringComparer.Ordinal), segments.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void linear_and_striped_volumes_give_the_bytes_that_the_kernel_gives()
    {
        int compared = 0;
        foreach (VolumeGroup group in machine.Groups())
            foreach (LogicalVolume volume in group.LogicalVolumes)
            {
                if (machine.Contents.GetValueOrDefault((group.Uuid + volume.Uuid).Replace("-", "", StringComparison.Ordinal)) is not { } expected
                    || volume.Segments.Any(segment => segment.Type is not ("linear" or "striped" or "zero")) || volume.Origin is not null
                    || volume.Name.Contains("_rmeta_", StringComparison.Ordinal)) // The kernel writes to it when it likes.
                    continue;
                BlockDevice device = volume.Open();
                Assert.Equal(volume.Size, device.Length);
                Assert.True(expected == DeviceHash.Of(device), $"{volume.FullName} reads as other bytes");
                Assert.True(expected == DeviceHash.OfExtents(device), $"{volume.FullName}: its extents name other bytes");
                compared++;
            }
        Assert.InRange(compared, 27, 100);
    }

    [Fact]
    public void volumes_of_other_types_are_refused_by_name()
    {
        Dictionary<string, LogicalVolume> volumes = machine.Groups().Single(group => group.Name == "main").LogicalVolumes.ToDictionary(volume => volume.Name);
        foreach (var (name, type) in new[]
            {
                ("cached", "cache"), ("cachepool_cpool", "cache-pool"),
            })
        {
            Assert.Equal(type, volumes[name].Type);
            Assert.Contains($"reading {type} volumes", Assert.Throws<UnsupportedException>(() => volumes[name].Open()).Message);
        }
        Assert.Equal("linear,striped", volumes["mixed"].Type);
        var unreadable = Assert.Throws<UnreadableException>(() => volumes["error"].Open().Read(4096, new byte[1]));
        Assert.Equal(4096, unreadable.Offset);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void without_one_disk_only_what_lies_on_it_is_unreadable(int missing)
    {
        VolumeGroup whole = machine.Groups().Single(group => group.Name == "main");
        VolumeGroup partial = VolumeGroups.Assemble(machine.Disks.Where((_, index) => index != missing)).Single(group => group.Name == "main");
        Assert.Equal(whole.SequenceNumber, partial.SequenceNumber);
        PhysicalVolumeReference lost = Assert.Single(partial.PhysicalVolumes, reference => reference.Volume is null);
        Assert.Equal(machine.Disks[missing].Uuid, lost.Uuid);
        Assert.Single(partial.Warnings, warning => warning.Contains(lost.Uuid));

        FileSource gone = (FileSource)machine.Disks[missing].Device;
        foreach (LogicalVolume volume in partial.LogicalVolumes.Where(volume => volume.Type is "linear" or "striped" or "linear,striped"))
        {
            BlockDevice device = volume.Open(), original = whole.FindLogicalVolume(volume.Name)!.Open();
            foreach (Extent extent in device.Extents(0, device.Length))
            {
                IEnumerable<Extent> places = original.Extents(extent.Offset, extent.Length);
                byte[] expected = new byte[extent.Length], read = new byte[extent.Length];
                if (extent.Kind == ExtentKind.Unreadable)
                {
                    Assert.Equal($"physical volume {lost.Uuid} (last known as {lost.LastDevice}) is missing", extent.Reason);
                    Assert.All(places, place => Assert.True(place.Kind == ExtentKind.Hole || place.Source == gone));
                    Assert.Equal(extent.Offset, Assert.Throws<UnreadableException>(() => device.Read(extent.Offset, read)).Offset);
                    continue;
                }
                Assert.All(places, place => Assert.NotSame(gone, place.Source));
                original.Read(extent.Offset, expected);
                device.Read(extent.Offset, read);
                Assert.Equal(expected, read);
            }
        }
    }

    private static string SortedTags(string tags) => string.Join(',', tags.Split(',').Order(StringComparer.Ordinal));

    /// <summary>The disks as the machine left them, and what it said. It runs when the first test asks.</summary>
    public sealed class Machine : IDisposable
    {
        private const int DiskCount = 10;

        private readonly TemporaryFolder folder = new();
        private readonly Lazy<string> answer;
        private readonly Lazy<PhysicalVolume[]> disks;

        public Machine()
        {
            answer = new(MakeVolumes);
            disks = new(() =>
            {
                _ = answer.Value;
                return [.. Paths.Select(path => PhysicalVolume.TryOpen(FileSource.Open(path))!)];
            });
        }

        /// <summary>The physical volumes on the disks themselves, in order.</summary>
        public IReadOnlyList<PhysicalVolume> Disks => disks.Value;

        /// <summary>SHA-256 by the UUIDs of group and volume, as the kernel has them.</summary>
        public Dictionary<string, string> Contents => Lines("content").Select(line => line.Split(' ')).ToDictionary(words => words[0]["LVM-".Length..], words => words[1]);

        private IEnumerable<string> Paths => Enumerable.Range(0, DiskCount).Select(number => folder.File($"disk{number}"));

        /// <summary>The groups on the disks, and the one in a partition of a volume of one of them.</summary>
        public IReadOnlyList<VolumeGroup> Groups()
        {
            IReadOnlyList<VolumeGroup> outer = VolumeGroups.Assemble(Disks);
            BlockDevice disk = outer.Single(group => group.Name == "host").FindLogicalVolume("vm_disk")!.Open();
            return [.. outer, .. VolumeGroups.Assemble([PhysicalVolume.TryOpen(new Slice(disk, 10240 * 512, disk.Length - (10240 * 512)))!])];
        }

        public IEnumerable<string> Lines(string kind) =>
            answer.Value.Split('\n').Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(line => line[(kind.Length + 1)..].TrimEnd());

        public void Dispose()
        {
            if (disks.IsValueCreated)
                foreach (PhysicalVolume volume in disks.Value)
                    ((FileSource)volume.Device).Dispose();
            folder.Dispose();
        }

        private string MakeVolumes()
        {
            foreach (string path in Paths)
                using (FileStream file = File.Create(path))
                    file.SetLength(64 << 20);
            ShellResult result = VirtualMachine.Run(Path.Combine(VirtualMachine.Repository, "tests", "real", "Lvm", "make-volumes.sh"), Paths,
                "head", "sfdisk", "blockdev", "dd", "sha256sum");
            Assert.True(result.Status == 0 && result.Output.EndsWith("done\n", StringComparison.Ordinal), result.Output + result.Errors);
            return result.Output;
        }
    }
}
