using System.Buffers.Binary;
using System.Globalization;
using Jumpbag.Storage;
using Jumpbag.Storage.Lvm;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Lvm;

/// <summary>
/// Random sequences of lvm2's commands on loop devices. Without device-mapper they change the metadata all the same; after
/// every command it is read offline, and compared with lvs, which says where each segment lies.
/// </summary>
public sealed class LvmCommandTests : IDisposable
{
    private const int Disks = 4, DiskSize = 24 << 20;

    private readonly TemporaryFolder folder = new();
    private readonly List<string> loops = [];
    private bool wrapped;

    public void Dispose()
    {
        foreach (string loop in loops)
            Shell.Try("losetup", "-d", loop);
        folder.Dispose();
    }

    [Fact]
    public void whatever_lvm_does_is_read_as_lvm_says()
    {
        Require.LoopMounts();
        Require.Tool("vgcreate");
        for (int i = 0; i < Disks; i++)
        {
            string path = folder.File($"disk{i}");
            File.WriteAllBytes(path, Pattern(i));
            loops.Add(Shell.Run("losetup", "-f", "--show", path).Trim());
        }
        File.WriteAllText(folder.File("lvm.conf"), $$"""
            devices { filter = [ {{string.Join(", ", loops.Select(loop => $"\"a|^{loop}$|\""))}}, "r|.*|" ] use_devicesfile = 0
              obtain_device_list_from_udev = 0 external_device_info_source = "none" default_data_alignment = 0 }
            global { locking_dir = "{{folder.Path}}" event_activation = 0 }
            activation { udev_sync = 0 udev_rules = 0 }
            backup { backup = 0 archive = 0 }
            """);
        var random = new Random(20240607);
        for (int round = 0; round < 3; round++)
            Round(random, round);
        Assert.True(wrapped, "no text went round the end of its ring");
    }

    private void Round(Random random, int round)
    {
        // Small metadata areas: a ring is full after a dozen changes. The first volume has two, the last none.
        for (int i = 0; i < Disks; i++)
            Lvm(true, "pvcreate", "-ff", "--metadatasize", "32k", "--dataalignment", "4k", "--pvmetadatacopies", i == 0 ? "2" : i == Disks - 1 ? "0" : "1", loops[i]);
        Lvm(true, "vgcreate", "-s", round switch { 0 => "64k", 1 => "256k", _ => "1m" }, "vg.+-_", loops[0], loops[1], loops[2], loops[3]);
        Compare();
        for (int step = 0; step < 22; step++)
        {
            string volume = $"vg.+-_/lv{random.Next(6)}", size = $"{random.Next(1, 5)}m", loop = loops[random.Next(Disks)];
            string stripes = $"{random.Next(1, Disks + 1)}", stripeSize = $"{4 << random.Next(5)}k";
            string[] command = random.Next(10) switch
            {
                < 4 => ["lvcreate", "-an", "-Zn", "-Wn", "-n", volume[7..], "-L", size, "-i", stripes, "-I", stripeSize, "vg.+-_"],
                4 => ["lvcreate", "-an", "-Zn", "-Wn", "-n", volume[7..], "-L", size, "vg.+-_", loop],
                5 or 6 => ["lvextend", "-L", $"+{size}", volume],
                7 => ["lvremove", "-y", volume],
                8 => ["lvchange", random.Next(2) == 0 ? "--addtag" : "--deltag", $"tag{random.Next(3)}", volume],
                _ => ["lvreduce", "-y", "-f", "-L", "1m", volume],
            };
            Lvm(false, command);
            Compare();
        }
        Lvm(true, "vgremove", "-ff", "-y", "vg.+-_");
        Assert.Empty(Assembled(out List<FileSource> sources));
        sources.ForEach(source => source.Dispose());
    }

    private void Compare()
    {
        VolumeGroup group = Assert.Single(Assembled(out List<FileSource> sources));
        try
        {
            Assert.Empty(group.Warnings);
            string[] vgs = Lvm(true, "vgs", "--noheadings", "--separator", "|", "-o", "vg_uuid,vg_seqno").Trim().Split('|');
            Assert.Equal((vgs[0], long.Parse(vgs[1], CultureInfo.InvariantCulture)), (group.Uuid, group.SequenceNumber));
            wrapped |= sources.Any(HasWrapped);

            long[] starts = [.. Lvm(true, "pvs", "--noheadings", "--units", "b", "--nosuffix", "--separator", "|", "-o", "pv_name,pe_start", "-O", "pv_name")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line.Trim().Split('|')[1], CultureInfo.InvariantCulture))];
            string[] ordered = [.. loops.Order(StringComparer.Ordinal)];
            long extentSize = group.ExtentSize;
            var listed = new HashSet<string>();
            foreach (string line in Lvm(true, "lvs", "--segments", "--noheadings", "--units", "b", "--nosuffix", "--separator", "|",
                         "-o", "lv_name,lv_uuid,lv_size,segtype,seg_start,seg_size,stripe_size,devices").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                string[] words = line.Trim().Split('|');
                LogicalVolume volume = group.FindLogicalVolume(words[0])!;
                listed.Add(words[0]);
                Assert.Equal((words[1], long.Parse(words[2], CultureInfo.InvariantCulture)), (volume.Uuid, volume.Size));
                long start = long.Parse(words[4], CultureInfo.InvariantCulture), size = long.Parse(words[5], CultureInfo.InvariantCulture);
                Assert.Equal(words[3], volume.Segments.Single(segment => segment.FirstExtent * extentSize == start).Type);
                // "/dev/loop3(17),/dev/loop1(0)": the first extent on each.
                (int Disk, long Offset)[] areas = [.. words[7].Split(',').Select(area => area.TrimEnd(')').Split('(')).Select(area =>
                    (loops.IndexOf(area[0]), starts[Array.IndexOf(ordered, area[0])] + (long.Parse(area[1], CultureInfo.InvariantCulture) * extentSize)))];
                Verify(volume.Open(), start, size, areas, long.Parse(words[6], CultureInfo.InvariantCulture));
            }
            Assert.Equal(listed.Order(), group.LogicalVolumes.Select(volume => volume.Name).Order());
        }
        finally
        {
            sources.ForEach(source => source.Dispose());
        }
    }

    /// <summary>Every sector holds its disk and place, so one number a sector tells whether it is the right one.</summary>
    private static void Verify(BlockDevice device, long start, long size, (int Disk, long Offset)[] areas, long stripeSize)
    {
        var bytes = new byte[size];
        device.Read(start, bytes);
        for (long at = 0; at < size; at += 512)
        {
            long chunk = areas.Length == 1 ? 0 : at / stripeSize;
            var (disk, offset) = areas[chunk % areas.Length];
            long expected = offset + (areas.Length == 1 ? at : (chunk / areas.Length * stripeSize) + (at % stripeSize));
            Assert.Equal(Stamp(disk, expected), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)at)));
        }
    }

    private IReadOnlyList<VolumeGroup> Assembled(out List<FileSource> sources)
    {
        sources = [.. Enumerable.Range(0, Disks).Select(i => FileSource.Open(folder.File($"disk{i}")))];
        return VolumeGroups.Assemble(sources.Select(source => PhysicalVolume.TryOpen(source)!));
    }

    /// <summary>Whether the current text of the first metadata area goes on at the ring's start.</summary>
    private static bool HasWrapped(FileSource disk)
    {
        var header = new byte[64];
        disk.Read(4096, header);
        long size = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(32)), offset = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(40));
        return offset + BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(48)) > size;
    }

    private static byte[] Pattern(int disk)
    {
        var bytes = new byte[DiskSize];
        for (int at = 0; at < bytes.Length; at += 512)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), Stamp(disk, at));
        return bytes;
    }

    private static long Stamp(int disk, long offset) => ((long)(disk + 1) << 48) + offset;

    private string Lvm(bool must, string command, params string[] arguments)
    {
        string[] all = ["-c", "export LVM_SYSTEM_DIR=$1 LVM_SUPPRESS_FD_WARNINGS=1 DM_DISABLE_UDEV=1; shift; exec \"$@\"", "sh", folder.Path, command, "--driverloaded", "n", .. arguments];
        ShellResult result = Shell.Try("/bin/sh", all);
        Assert.True(result.Status == 0 || !must, $"{command} {string.Join(' ', arguments)}: {result.Output}{result.Errors}");
        return result.Output;
    }

    private string Lvm(bool must, string[] command) => Lvm(must, command[0], command[1..]);
}
