using System.Diagnostics;
using Jumpbag.Storage.Partitions;
using Jumpbag.Storage.Search;
using Jumpbag.Storage.Signatures;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Fuzz.Storage;

/// <summary>
/// Damages the first bytes of real tables and filesystems, cuts them and takes sectors away. Nothing may be thrown, and
/// nothing may take long.
/// </summary>
public class StorageFuzz
{
    private const int Kept = 2 * 1024 * 1024, Cases = 1500;

    public static TheoryData<string> Makers =>
    [
        "mke2fs -q -t ext4 $F", "mkfs.xfs -q $F", "mkfs.btrfs -q $F", "mkntfs -q -F -Q -L x $F", "mkfs.vfat -F 16 -n X $F",
        "mkfs.vfat -F 32 -n X $F", "mkfs.exfat -L x $F", "mkswap -L x $F", "mkudffs -l x $F", "mkfs.f2fs -q $F", "hformat $F",
        "mkfs.minix -2 $F", "mkfs.jfs -q $F", "qemu-img create -q -f qcow2 $F 77M", "qemu-img create -q -f vmdk $F 77M",
        "sgdisk -n 1:2048:+10M -n 2:0:0 $F",
        "printf 'label: dos\\nsize=20M\\ntype=5\\nsize=10M\\nsize=20M\\nsize=30M\\n' | sfdisk -q $F",
    ];

    [Theory]
    [MemberData(nameof(Makers))]
    public void damage_is_never_an_exception_and_never_slow(string maker)
    {
        byte[] image = Make(maker);
        int[] interesting = [.. Enumerable.Range(0, image.Length).Where(i => image[i] != 0 && i < 300 * 1024).Take(20_000)];
        var random = new Random(maker.Length);
        var total = Stopwatch.StartNew();
        for (int i = 0; i < Cases; i++)
        {
            byte[] damaged = i % 3 == 2 ? image[..random.Next(image.Length)] : [.. image];
            for (int flips = random.Next(1, 12); flips > 0 && damaged.Length > 0; flips--)
            {
                int at = Math.Min(interesting[random.Next(interesting.Length)] + random.Next(-4, 5), damaged.Length - 1);
                if (at >= 0)
                    damaged[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => 0xFF, _ => (byte)(damaged[at] ^ (1 << random.Next(8))) };
            }
            (long, long)[] bad = random.Next(4) == 0 ? [(random.Next(Kept), random.Next(1, 8192))] : [];
            var device = new ImageBytes(damaged, 512, bad);
            var clock = Stopwatch.StartNew();
            _ = PartitionTable.TryOpen(device);
            _ = Signature.ProbeAll(device);
            if (i % 8 == 0)
                _ = SuperblockSearch.Run(device, _ => { }, TestContext.Current.CancellationToken);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"case {i}: {clock.Elapsed}");
        }
        Assert.True(total.Elapsed < TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void a_device_that_is_made_of_superblocks_ends_the_search()
    {
        byte[] sector = new byte[512];
        "LUKS"u8.CopyTo(sector);
        (sector[4], sector[5], sector[7]) = (0xBA, 0xBE, 1);
        var disk = new byte[12_000 * 512];
        for (int i = 0; i < 12_000; i++)
        {
            sector.CopyTo(disk, i * 512);
            System.Text.Encoding.ASCII.GetBytes($"{i:D8}").CopyTo(disk, i * 512 + 168);
        }
        Assert.InRange(SuperblockSearch.Run(new ImageBytes(disk), _ => { }, TestContext.Current.CancellationToken).Count, 9_000, 10_000);
    }

    private static byte[] Make(string maker)
    {
        string file = Path.Combine(Path.GetTempPath(), $"jumpbag-fuzz-{Guid.NewGuid():N}");
        try
        {
            using (FileStream stream = File.Create(file))
                stream.SetLength(320L << 20);
            var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true, RedirectStandardError = true };
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add($"F='{file}'; {maker}");
            start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
            using Process process = Process.Start(start)!;
            _ = process.StandardError.ReadToEndAsync();
            _ = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
                Assert.Skip($"cannot make an image here: {maker}");
            using FileStream made = File.OpenRead(file);
            var image = new byte[Math.Min(Kept, made.Length)];
            made.ReadExactly(image);
            return image;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
