using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Lvm;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Lvm;

/// <summary>Mirrors and RAID volumes that lvm2 made under a real kernel (make-raid.sh), read offline with all and with some of their disks.</summary>
public sealed class LvmRaidTests(LvmRaidTests.Machine machine) : IClassFixture<LvmRaidTests.Machine>
{
    [Fact]
    public void every_volume_is_read_as_the_kernel_read_it()
    {
        int compared = 0;
        foreach (string[] words in machine.Lines("content").Where(words => words[0].StartsWith("all/", StringComparison.Ordinal)))
        {
            LogicalVolume volume = Volume(machine.Volumes(), words[0]);
            BlockDevice device = volume.Open();
            Assert.Equal(long.Parse(words[1], CultureInfo.InvariantCulture), device.Length);
            Assert.True(words[2] == DeviceHash.Of(device), words[0]);
            Assert.True(words[2] == DeviceHash.OfExtents(device), $"{words[0]}: its extents name other bytes");
            Assert.Empty(volume.Warnings);
            compared++;
        }
        Assert.InRange(compared, 22, 40);
    }

    /// <summary>The physical volumes of the group are left out one by one and two by two.</summary>
    [Fact]
    public void tolerated_disks_may_be_missing_from_every_volume()
    {
        PhysicalVolume[] disks = machine.Volumes();
        int compared = 0, lost = 0;
        var contents = machine.Lines("content").Where(words => words[0].StartsWith("all/", StringComparison.Ordinal)).ToList();
        for (int first = 0; first < 6; first++)
            for (int second = first; second < 6; second++)
            {
                PhysicalVolume[] kept = [.. disks.Where((_, i) => i != first && i != second)];
                foreach (string[] words in contents)
                {
                    LogicalVolume volume = Volume(kept, words[0]);
                    // Its log is on a third disk, and the second half counts only with the log.
                    if (volume.Name == "mirror_disk" && first != second)
                        continue;
                    BlockDevice device = volume.Open();
                    string type = volume.Type;
                    int missing = volume.Warnings.Count == 0 ? 0 : volume.Warnings[0].Split(" is missing").Length - 1;
                    int tolerance = type.StartsWith("raid6", StringComparison.Ordinal) ? 2 : type.StartsWith("raid0", StringComparison.Ordinal) || volume.Name == "mirror_core" ? 0
                        : volume.Name == "raid1_3" ? 2 : 1;
                    if (missing <= tolerance)
                    {
                        Assert.True(device.IsWhole, $"{words[0]} without {first} and {second}");
                        Assert.True(words[2] == DeviceHash.Of(device), $"{words[0]} without {first} and {second}");
                        compared++;
                    }
                    else if (!device.IsWhole)
                    {
                        lost++;
                        VerifyParts(device, Volume(disks, words[0]).Open(), words[0]);
                    }
                }
            }
        Assert.InRange(compared, 250, 1000);
        Assert.InRange(lost, 20, 300);
    }

    [Fact]
    public void a_device_that_failed_while_the_volume_was_in_use_is_not_believed()
    {
        foreach (string name in new[] { "some/raid1", "some/raid5", "some/first" })
        {
            string expected = machine.Lines("content").Single(words => words[0] == name)[2];
            LogicalVolume volume = Volume(machine.Volumes(), name);
            Assert.True(expected == DeviceHash.Of(volume.Open()), name);
            Assert.Contains("had failed, and the volume went on without it", Assert.Single(volume.Warnings));
            if (name == "some/raid5")
            {
                // The device that is left knows that the other one is old.
                Assert.False(Volume(machine.Volumes(disk => disk is 'g' or 'h'), name).Open().IsWhole);
                continue;
            }
            // Alone, a mirror's old half is all there is: what it held then.
            string old = machine.Lines("old").Single(words => words[0] == name)[1];
            Assert.Equal(old, DeviceHash.Of(Volume(machine.Volumes(disk => disk == 'g'), name).Open()));
        }
    }

    [Fact]
    public void a_device_that_is_being_rebuilt_is_believed_as_far_as_it_was()
    {
        string expected = machine.Lines("content").Single(words => words[0] == "busy/rebuilding")[2];
        LogicalVolume volume = Volume(machine.Volumes(), "busy/rebuilding");
        BlockDevice whole = volume.Open();
        Assert.Equal(expected, DeviceHash.Of(whole));
        Assert.Contains("is being rebuilt", Assert.Single(volume.Warnings));
        BlockDevice partial = Volume(machine.Volumes(disk => disk != 'j'), "busy/rebuilding").Open();
        long readable = VerifyParts(partial, whole, "busy/rebuilding");
        Assert.InRange(readable, whole.Length / 20, whole.Length - 1);
    }

    [Fact]
    public void a_volume_that_is_being_moved_is_read_where_it_is()
    {
        string expected = machine.Lines("content").Single(words => words[0] == "busy/moving")[2];
        VolumeGroup group = VolumeGroups.Assemble(machine.Volumes()).Single(group => group.Name == "busy");
        Assert.Contains(group.LogicalVolumes, volume => volume.Type == "mirror" && volume.Name.StartsWith("pvmove", StringComparison.Ordinal));
        Assert.Equal(expected, DeviceHash.Of(group.FindLogicalVolume("moving")!.Open()));
    }

    [Fact]
    public void a_reshape_under_way_is_refused_by_name() =>
        Assert.Contains("busy/reshaping", Assert.Throws<UnsupportedException>(() => Volume(machine.Volumes(), "busy/reshaping").Open()).Message);

    private static LogicalVolume Volume(IEnumerable<PhysicalVolume> disks, string name) =>
        VolumeGroups.Assemble(disks).Single(group => group.Name == name.Split('/')[0]).FindLogicalVolume(name.Split('/')[1])!;

    private static long VerifyParts(BlockDevice device, BlockDevice whole, string what)
    {
        long readable = 0;
        foreach (Extent extent in device.Extents(0, device.Length))
        {
            byte[] expected = new byte[extent.Length], read = new byte[extent.Length];
            if (extent.Kind == ExtentKind.Unreadable)
            {
                Assert.Equal(extent.Offset, Assert.Throws<UnreadableException>(() => device.Read(extent.Offset, read)).Offset);
                continue;
            }
            whole.Read(extent.Offset, expected);
            device.Read(extent.Offset, read);
            Assert.True(expected.AsSpan().SequenceEqual(read), $"{what} at {extent.Offset}");
            readable += extent.Length;
        }
        return readable;
    }

    /// <summary>The disks as the machine left them, and what it said. It runs when the first test asks.</summary>
    public sealed class Machine : IDisposable
    {
        private const string Disks = "abcdefghijklm";

        private readonly TemporaryFolder folder = new();
        private readonly Lazy<string> answer;
        private readonly Lazy<FileSource[]> sources;

        public Machine()
        {
            answer = new(MakeVolumes);
            sources = new(() =>
            {
                _ = answer.Value;
                return [.. Disks.Select(disk => FileSource.Open(Path(disk)))];
            });
        }

        public IEnumerable<string[]> Lines(string kind) => answer.Value.Split('\n')
            .Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(line => line[(kind.Length + 1)..].TrimEnd().Split(' '));

        public PhysicalVolume[] Volumes(Func<char, bool>? choose = null) =>
            [.. Disks.Zip(sources.Value).Where(pair => choose?.Invoke(pair.First) != false).Select(pair => PhysicalVolume.TryOpen(pair.Second)!)];

        public void Dispose()
        {
            if (sources.IsValueCreated)
                foreach (FileSource source in sources.Value)
                    source.Dispose();
            folder.Dispose();
        }

        private string Path(char disk) => folder.File("vd" + disk);

        private string MakeVolumes()
        {
            // Volumes made before are kept for who works on the reader: JUMPBAG_TEST_VOLUMES names their folder.
            if (Environment.GetEnvironmentVariable("JUMPBAG_TEST_VOLUMES") is { Length: > 0 } kept)
            {
                foreach (char disk in Disks)
                    File.CreateSymbolicLink(Path(disk), System.IO.Path.Combine(kept, "vd" + disk));
                return File.ReadAllText(System.IO.Path.Combine(kept, "out"));
            }
            foreach (char disk in Disks)
                using (FileStream file = File.Create(Path(disk)))
                    file.SetLength(64 << 20);
            ShellResult result = VirtualMachine.Run(System.IO.Path.Combine(VirtualMachine.Repository, "tests", "real", "Lvm", "make-raid.sh"), Disks.Select(Path),
                "blockdev", "dd", "sha256sum", "head", "sed");
            Assert.True(result.Status == 0 && result.Output.EndsWith("done\n", StringComparison.Ordinal), result.Output + result.Errors);
            return result.Output;
        }
    }
}
