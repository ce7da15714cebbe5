using Jumpbag.Core;
using Jumpbag.FileSystems.Mounting;
using Jumpbag.Host;
using Jumpbag.Host.Fuse;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Mounting;

/// <summary>A writable device as a file: what real programs write there is what the device holds.</summary>
public sealed class WritableFileTests
{
    [Fact]
    public void programs_make_check_and_repair_a_file_system_in_it()
    {
        Require.Fuse();
        Require.Tool("mke2fs");
        using var folder = new TemporaryFolder();
        var bytes = new byte[32 << 20];
        new Random(1).NextBytes(bytes);
        var device = new WritableMemory(bytes);
        var failures = new List<Exception>();
        byte[] repaired;
        ByteString point = MountPoint.Check(ByteString.FromText(Directory.CreateDirectory(folder.File("m")).FullName));
        var files = new RawFiles([new(ByteString.FromText("disk"), device)], (_, e) => failures.Add(e));
        using (FuseMount.Start(point, files, new() { Source = ByteString.FromText("a,b \\c"), Writable = true }))
        {
            string disk = $"{point}/disk";
            Assert.Equal(@"fuse.jumpbag a,b\x20\x5cc", Shell.Run("findmnt", "-rno", "FSTYPE,SOURCE", $"{point}").Trim());
            Shell.Run("mke2fs", "-q", "-F", "-t", "ext4", disk);
            Shell.Run("debugfs", "-w", "-R", "write /etc/passwd copied", disk);
            ShellResult check = Shell.Try("e2fsck", "-fn", disk);
            Assert.True(check.Status == 0, check.Output + check.Errors);
            // A bitmap and the superblock's count that do not fit: e2fsck repairs them through the file.
            Shell.Run("debugfs", "-w", "-R", "set_super_value free_blocks_count 7", disk);
            Assert.Equal(1, Shell.Try("e2fsck", "-fy", disk).Status);
            repaired = [.. bytes];
            Shell.Run("fallocate", "--punch-hole", "--offset", "16M", "--length", "1M", disk);
            Assert.True(Shell.Try("truncate", "-s", "1M", disk).Status != 0);
            Assert.Equal(bytes, File.ReadAllBytes(disk));
        }
        Assert.Empty(failures);
        Assert.True(device.Flushes > 0);
        Assert.True(device.ZeroedBytes >= 1 << 20);
        string image = folder.File("image");
        File.WriteAllBytes(image, repaired);
        Assert.Null(ImageBuilder.Check(image));
        Assert.Equal(File.ReadAllText("/etc/passwd"), Shell.Run("debugfs", "-R", "cat copied", image));
        Assert.DoesNotContain($"{point}", File.ReadAllText("/proc/self/mountinfo"));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{point}"));
    }
}
