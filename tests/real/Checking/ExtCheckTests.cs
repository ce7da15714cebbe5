using System.Security.Cryptography;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Checking;

/// <summary>
/// e2fsck through an overlay and then committed makes of a damaged filesystem exactly what e2fsck makes of a copy of it, with
/// the same verdict. The time that e2fsck writes is fixed, so that every byte can be compared.
/// </summary>
public sealed class ExtCheckTests : IDisposable
{
    private const string Time = "export E2FSCK_TIME=1700000000 TMPDIR=$PWD; ";
    private const int Size = 12 << 20;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>In a partition that begins at an odd sector, and whose size is no multiple of the overlay's blocks.</summary>
    [Theory]
    [InlineData(1, "-t ext4 -b 1024")]
    [InlineData(2, "-t ext4 -b 4096")]
    [InlineData(3, "-t ext2 -b 1024")]
    [InlineData(4, "-t ext3 -b 2048")]
    [InlineData(5, "-t ext4 -b 1024 -O ^metadata_csum,bigalloc -C 4096")]
    [InlineData(6, "-t ext4 -b 4096 -O inline_data -I 256")]
    [InlineData(7, "-t ext4 -b 1024 -O ^has_journal")]
    [InlineData(8, "-t ext4 -b 1024")]
    [InlineData(9, "-t ext4 -b 1024")]
    public void a_damaged_filesystem_becomes_what_e2fsck_makes_of_a_copy(int seed, string format)
    {
        Require.Tool("e2fsck");
        byte[] damaged = Damaged(seed, format);
        File.WriteAllBytes(folder.File("copy"), damaged);
        int offset = 63 * 512;
        byte[] disk = new byte[offset + damaged.Length + 1536];
        damaged.CopyTo(disk, offset);
        File.WriteAllBytes(folder.File("d.img"), disk);
        Shell.Run("bash", "-c", $"echo 'start=63, size={damaged.Length / 512}, type=83' | sfdisk -q --force '{folder.File("d.img")}'");
        string before = Hash("d.img");

        int expected = JumpbagProgram.Bash(folder.Path, Time + "e2fsck -f -y copy").Status;
        ShellResult found = JumpbagProgram.Bash(folder.Path, Time + $"jumpbag fsck --yes --type ext4 d.img@1");
        TestContext.Current.TestOutputHelper?.WriteLine($"e2fsck: {expected}, fsck: {found.Status}\n{found.Errors}");
        Assert.Equal((expected & 4) != 0 ? 3 : (expected & ~7) != 0 ? 1 : 0, found.Status);
        Assert.Equal(before, Hash("d.img"));
        Assert.Empty(Directory.GetDirectories(folder.Path));
        if (found.Status == 1)
            return;
        Assert.True(expected != 0, "the damage did no damage");

        // What the overlay shows is what a copy that was repaired directly has.
        byte[] repaired = File.ReadAllBytes(folder.File("copy"));
        if (found.Status == 0)
        {
            ShellResult read = JumpbagProgram.Bash(folder.Path, "jumpbag ls -lRq --full-time --overlay d.img@1.jumpbag-overlay d.img@1:/ >one; jumpbag ls -lRq --full-time copy:/ >two; sed -i s/^d.img@1:/copy:/ one; cmp one two");
            Assert.True(read.Status == 0, read.Output + read.Errors);
        }
        ShellResult committed = JumpbagProgram.Bash(folder.Path, "jumpbag fsck --commit --yes d.img");
        Assert.True(committed.Status == 0, committed.Errors);
        Assert.Equal(-1, FirstDifference(repaired, File.ReadAllBytes(folder.File("d.img")).AsSpan(offset, repaired.Length)));
        Assert.False(File.Exists(folder.File("d.img@1.jumpbag-overlay")));

        ShellResult undone = JumpbagProgram.Bash(folder.Path, "jumpbag fsck --undo --yes d.img");
        Assert.True(undone.Status == 0, undone.Errors);
        Assert.Equal(before, Hash("d.img"));
        Assert.Single(Directory.GetFiles(folder.Path, "d.img*"));
    }

    [Fact]
    public void a_check_that_nobody_answers_tells_and_keeps_nothing()
    {
        Require.Tool("e2fsck");
        File.WriteAllBytes(folder.File("i"), Damaged(1, "-t ext4 -b 1024"));
        string before = Hash("i");
        ShellResult looked = JumpbagProgram.Bash(folder.Path, "jumpbag fsck i </dev/null");
        Assert.Equal(3, looked.Status);
        Assert.Contains("? no", looked.Output);
        Assert.Contains("hint: 'jumpbag fsck --yes i'", looked.Errors);
        Assert.Equal(before, Hash("i"));
        Assert.Equal([folder.File("i")], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void without_its_first_superblock_a_filesystem_is_found_by_a_copy_and_repaired()
    {
        Require.Tool("e2fsck");
        byte[] image = Filled("-t ext4 -b 1024", 4);
        RandomNumberGenerator.Fill(image.AsSpan(0, 1024 * 3));
        File.WriteAllBytes(folder.File("i"), image);
        File.WriteAllBytes(folder.File("copy"), image);
        Assert.Equal(1, JumpbagProgram.Bash(folder.Path, "jumpbag ls i").Status);
        int expected = JumpbagProgram.Bash(folder.Path, Time + "e2fsck -f -y copy").Status;
        Assert.Equal(1, expected & 5);
        ShellResult found = JumpbagProgram.Bash(folder.Path, Time + "jumpbag fsck --yes i");
        Assert.True(found.Status == 0, found.Errors);
        Assert.Contains("first superblock is ruined", found.Errors);
        ShellResult listed = JumpbagProgram.Bash(folder.Path, "jumpbag ls -lR --overlay i.jumpbag-overlay i:/");
        Assert.True(listed.Status == 0, listed.Errors);
        Assert.Equal(0, JumpbagProgram.Bash(folder.Path, "jumpbag fsck --commit --yes i && cmp i copy").Status);
    }

    /// <summary>The journal is replayed into the overlay by e2fsck itself, so what the check says is of the state after it.</summary>
    [Fact]
    public void a_dirty_journal_is_replayed_in_the_overlay()
    {
        Require.Tool("e2fsck");
        JumpbagProgram.UnpackDemo(folder.Path);
        string before = Hash("d.img");
        ShellResult looked = JumpbagProgram.Bash(folder.Path, "jumpbag fsck d.img@vg_demo/home </dev/null");
        Assert.Contains("recovering journal", looked.Output);
        ShellResult repaired = JumpbagProgram.Bash(folder.Path, "jumpbag fsck --yes d.img@vg_demo/home");
        Assert.True(repaired.Status == 0, repaired.Errors);
        ShellResult read = JumpbagProgram.Bash(folder.Path, "jumpbag cat --overlay d.img@vg_demo-home.jumpbag-overlay d.img:/home/anna/letters/last-words.txt; jumpbag cat -q d.img:/home/anna/letters/last-words.txt");
        Assert.Contains("@vg_demo/home at /home", read.Errors);
        Assert.DoesNotContain("replayed", read.Errors);
        Assert.Equal(2, read.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Single(read.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct());
        Assert.Equal(before, Hash("d.img"));
    }

    private byte[] Damaged(int seed, string format)
    {
        byte[] image = Filled(format, seed);
        var random = new Random(seed);
        // Where metadata is most likely: the first blocks of each group, and anywhere.
        for (int i = 0; i < 12; i++)
        {
            int at = random.Next(3) == 0 ? random.Next(image.Length) : random.Next(1 << 20), count = random.Next(1, 64);
            // The superblock itself is another test's.
            if (at + count > 2048)
                random.NextBytes(image.AsSpan(Math.Max(at, 2048), Math.Min(count, image.Length - at)));
        }
        File.WriteAllBytes(folder.File("work"), image);
        string[] commands = ["clri <2>", "clri <8>", "clri <14>", "freei <13>", "sif <15> links_count 77", "freeb 900 30", "sif <16> mode 0"];
        Shell.Try("debugfs", "-w", "-R", commands[seed % commands.Length], folder.File("work"));
        image = File.ReadAllBytes(folder.File("work"));
        File.Delete(folder.File("work"));
        return image;
    }

    private byte[] Filled(string format, int seed)
    {
        string tree = folder.File("tree"), image = folder.File("filled");
        Directory.CreateDirectory(tree);
        var random = new Random(seed);
        for (int i = 0; i < 60; i++)
        {
            string place = Path.Combine(tree, $"folder {random.Next(8)}");
            Directory.CreateDirectory(place);
            var content = new byte[random.Next(random.Next(2) == 0 ? 90 : 60000)];
            random.NextBytes(content);
            File.WriteAllBytes(Path.Combine(place, $"file {i}"), content);
        }
        ImageBuilder.Format(image, Size + 1024, [.. format.Split(' '), "-d", tree]);
        byte[] bytes = File.ReadAllBytes(image);
        File.Delete(image);
        Directory.Delete(tree, recursive: true);
        return bytes;
    }

    private string Hash(string name) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(folder.File(name))));

    private static int FirstDifference(ReadOnlySpan<byte> one, ReadOnlySpan<byte> two) =>
        one.SequenceEqual(two) ? -1 : one.CommonPrefixLength(two);
}
