using System.Text.Json;
using Jumpbag.Tests.Support;
using static Jumpbag.Tests.Support.LvmDisk;
using static Jumpbag.Tests.Support.ThinMetadata;

namespace Jumpbag.Tests.Cli;

/// <summary>Snapshots and thin volumes as a person meets them: locators, exit statuses, what inspect shows.</summary>
public sealed class SnapshotTests : IDisposable
{
    private const int Extents = 256, FileSystemSize = Extents * ExtentSize;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_snapshot_and_its_origin_are_read_by_their_names_and_the_origin_where_none_is_given()
    {
        MakeSnapshot(valid: true);
        Assert.Equal("now\nthen\nnow\nnow\n", Run(0, "jumpbag cat -q s.img@vg/origin:/name s.img@vg/snap:/name s.img@vg:/name s.img@label=same:/name"));
        Assert.Equal("then\n", Run(0, "jumpbag cp -q -r s.img@snap:/ out; cat out/name"));
        Assert.Matches(@"@vg/snap +1M +snapshot +ext2 .*\n?.*snapshot of origin, its store \d+% full", Run(0, "jumpbag inspect s.img | tr '\\n' ' '"));
        JsonElement snap = Inspected("s.img", "snap");
        Assert.Equal(("origin", FileSystemSize), (snap.GetProperty("origin").GetString(), snap.GetProperty("size").GetInt32()));
        Assert.InRange(snap.GetProperty("dataPercent").GetDouble(), 1, 99);
        Assert.Matches("lvchange -y -ay -K --devices \\$LOOP1 .*vg/snap\n", Run(0, "jumpbag inspect --commands s.img@vg/snap"));
    }

    [Fact]
    public void a_snapshot_that_overflowed_is_refused_and_its_origin_is_read()
    {
        MakeSnapshot(valid: false);
        ShellResult refused = JumpbagProgram.Bash(folder.Path, "jumpbag cat s.img@vg/snap:/name; echo $?");
        Assert.Equal("4\n", refused.Output);
        Assert.Equal("jumpbag: s.img@vg/snap: logical volume vg/snap: the snapshot is invalid: its store was full, or could not be written, when a chunk had to be copied; what it held is lost\n"
            + "hint: its origin vg/origin can be read\n", refused.Errors);
        Assert.Equal("now\n", Run(0, "jumpbag cat -q s.img@vg:/name"));
        Assert.Matches("the snapshot is invalid", Run(0, "jumpbag inspect s.img"));
    }

    [Fact]
    public void a_thin_volume_is_read_and_its_pool_is_refused()
    {
        MakeThin(_ => { });
        Assert.Equal("now\n", Run(0, "jumpbag cat -q t.img@vg/thin:/name"));
        ShellResult refused = JumpbagProgram.Bash(folder.Path, "jumpbag ls t.img@vg/pool; echo $?");
        Assert.Equal(("4\n", "jumpbag: t.img@vg/pool: logical volume vg/pool: a thin pool has no bytes of its own\nhint: name one of its volumes: vg/thin\n"), (refused.Output, refused.Errors));
        Assert.Matches(@"@vg/pool .* thin-pool .*metadata \d+% used.*@vg/thin +1M +thin +ext2 .*in pool pool, \d+% mapped", Run(0, "jumpbag inspect t.img | tr '\\n' ' '"));
        Assert.Equal(50, Inspected("t.img", "pool").GetProperty("dataPercent").GetDouble());
        Assert.Equal("pool", Inspected("t.img", "thin").GetProperty("pool").GetString());
        Assert.Matches("(?s)COW.*dmsetup create.*lvchange -y -ay -K --devices /dev/mapper/jumpbag\\d vg/thin\n.*dmsetup remove", Run(0, "jumpbag inspect --commands t.img@vg/thin"));
    }

    [Fact]
    public void what_a_damaged_pool_cannot_tell_is_listed_and_the_rest_is_copied()
    {
        // The map of the second half of the volume, where the large file is.
        MakeThin(metadata => metadata.Block(6)[99] ^= 1);
        ShellResult copied = JumpbagProgram.Bash(folder.Path, "jumpbag cp -q -r t.img@vg/thin:/ out; echo $?; cat out/name; stat -c %s out/large");
        Assert.True(copied.Output == "3\nnow\n700000\n", copied.Output + copied.Errors);
        Assert.Matches(@"damaged: t.img@vg/thin:/large: bytes \d+-699999: .*the map of thin device 1: block 6 of the pool's metadata: its checksum is", copied.Errors);
    }

    [Fact]
    public void a_pool_that_is_in_doubt_is_warned_about_and_a_lost_one_fails()
    {
        MakeThin(_ => { }, transaction: 9);
        ShellResult read = JumpbagProgram.Bash(folder.Path, "jumpbag cat t.img@vg/thin:/name");
        Assert.Equal("now\n", read.Output);
        Assert.Matches("warning: t.img@vg/thin: thin pool vg/pool: its metadata is of transaction 3, LVM's of 9", read.Errors);
        MakeThin(metadata => metadata.Block(0)[60] ^= 1);
        Assert.Equal("1\n", JumpbagProgram.Bash(folder.Path, "jumpbag ls t.img@vg/thin; echo $?").Output);
        Assert.Matches("the checksum of the pool's superblock", Run(0, "jumpbag inspect t.img"));
    }

    private JsonElement Inspected(string image, string name)
    {
        using JsonDocument document = JsonDocument.Parse(Run(0, $"jumpbag inspect --json {image}"));
        return document.RootElement.GetProperty("children")[0].GetProperty("children").EnumerateArray().Single(volume => volume.GetProperty("name").GetString() == name).Clone();
    }

    private string Run(int status, string script)
    {
        ShellResult result = JumpbagProgram.Bash(folder.Path, script);
        Assert.True(result.Status == status, $"{result.Status}\n{result.Output}{result.Errors}");
        return result.Output;
    }

    /// <summary>A filesystem as it was and as it is now.</summary>
    private (byte[] Then, byte[] Now) FileSystems()
    {
        Shell.Run("bash", "-c", """
            set -e; cd "$1"; rm -f then now; truncate -s "$2" then; echo then >name; head -c 700000 /dev/urandom >large
            mke2fs -q -F -L same -b 4096 then
            debugfs -w -R 'write name name' then 2>/dev/null; debugfs -w -R 'write large large' then 2>/dev/null
            cp then now; echo now >name; debugfs -w -R 'rm name' now 2>/dev/null; debugfs -w -R 'write name name' now 2>/dev/null
            """, "bash", folder.Path, $"{FileSystemSize}");
        return (File.ReadAllBytes(folder.File("then")), File.ReadAllBytes(folder.File("now")));
    }

    private static LvmDisk Disk(int extents, string volumes)
    {
        var disk = new LvmDisk(new string('a', 32), DataStart + (extents * ExtentSize) + AreaSize);
        return disk.Write(Text(Uuids("group"), 1, [disk], volumes).Replace("pe_count = 64", $"pe_count = {extents}", StringComparison.Ordinal));
    }

    private void MakeSnapshot(bool valid)
    {
        (byte[] then, byte[] now) = FileSystems();
        LvmDisk disk = Disk(Extents + 64, Volume("origin", Stripes(0, Extents, ("pv0", 0))) + Volume("snap", Stripes(0, 64, ("pv0", Extents)))
            + Volume("snapshot0", $"start_extent = 0\nextent_count = {Extents}\ntype = \"snapshot\"\nchunk_size = 8\norigin = \"origin\"\ncow_store = \"snap\"\n"));
        now.CopyTo(disk.Bytes, DataStart);
        Span<byte> store = disk.Bytes.AsSpan(DataStart + FileSystemSize, 64 * ExtentSize);
        long[] changed = [.. Enumerable.Range(0, Extents).Where(chunk => !Block(then, chunk).SequenceEqual(Block(now, chunk))).Select(chunk => (long)chunk)];
        (long Old, long New)[] exceptions = [.. changed.Zip(ExceptionStoreBytes.NewChunks(ExtentSize))];
        ExceptionStoreBytes.Write(store, ExtentSize, exceptions, valid);
        foreach ((long old, long to) in exceptions)
            Block(then, (int)old).CopyTo(store[((int)to * ExtentSize)..]);
        File.WriteAllBytes(folder.File("s.img"), disk.Bytes);

        static ReadOnlySpan<byte> Block(byte[] bytes, int index) => bytes.AsSpan(index * ExtentSize, ExtentSize);
    }

    /// <summary>16 blocks of data on a volume with room for 32, last block first, in two leaves.</summary>
    private void MakeThin(Action<ThinMetadata> damage, int transaction = 3)
    {
        byte[] content = FileSystems().Now;
        ThinMetadata metadata = new ThinMetadata(16).Superblock(1, 2, transaction: 3, dataBlocks: 32).Leaf(1, (1, 4)).Details(2, (1, 16)).Internal(4, (0, 5), (8, 6))
            .Leaf(5, [.. Enumerable.Range(0, 8).Select(block => ((long)block, To(15 - block)))]).Leaf(6, [.. Enumerable.Range(8, 8).Select(block => ((long)block, To(15 - block)))]);
        damage(metadata);
        LvmDisk disk = Disk(16 + 512, Volume("pool", "start_extent = 0\nextent_count = 512\ntype = \"thin-pool\"\nmetadata = \"pool_tmeta\"\npool = \"pool_tdata\"\n"
                + $"transaction_id = {transaction}\nchunk_size = 128\n")
            + Volume("thin", $"start_extent = 0\nextent_count = {Extents}\ntype = \"thin\"\nthin_pool = \"pool\"\ntransaction_id = 0\ndevice_id = 1\n")
            + Volume("pool_tmeta", "\"READ\", \"WRITE\"", [Stripes(0, 16, ("pv0", 0))]) + Volume("pool_tdata", "\"READ\", \"WRITE\"", [Stripes(0, 512, ("pv0", 16))]));
        metadata.Bytes.CopyTo(disk.Bytes, DataStart);
        for (int block = 0; block < 16; block++)
            content.AsSpan(block * DataBlockSize, DataBlockSize).CopyTo(disk.Bytes.AsSpan(DataStart + (16 * ExtentSize) + ((15 - block) * DataBlockSize)));
        File.WriteAllBytes(folder.File("t.img"), disk.Bytes);
    }
}
