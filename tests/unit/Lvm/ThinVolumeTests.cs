using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Lvm;
using Jumpbag.Tests.Support;
using static Jumpbag.Tests.Support.LvmDisk;
using static Jumpbag.Tests.Support.ThinMetadata;

namespace Jumpbag.Tests.Unit.Lvm;

/// <summary>Thin volumes as the metadata describes them: a pool with its metadata in extents 0..15 of a disk and 3 blocks of data in 16..63.</summary>
public class ThinVolumeTests
{
    private const int PerBlock = DataBlockSize / ExtentSize;

    private static readonly string SubVolumes = Volume("pool_tmeta", "\"READ\", \"WRITE\"", [Stripes(0, 16, ("pv0", 0))])
        + Volume("pool_tdata", "\"READ\", \"WRITE\"", [Stripes(0, 48, ("pv0", 16))]);

    private static ThinMetadata Metadata(uint flags = 0, long transaction = 3) => new ThinMetadata(16).Superblock(1, 2, transaction, flags, dataBlocks: 3)
        .Leaf(1, (1, 3), (2, 4)).Details(2, (1, 2), (2, 1)).Leaf(3, (0, To(2)), (1, To(0))).Leaf(4, (1, To(1)));

    private static string Pool(string name = "pool", string type = "thin-pool", int transaction = 3, int chunk = 128, string more = "") => Volume(name,
        $"start_extent = 0\nextent_count = 48\ntype = \"{type}\"\nmetadata = \"pool_tmeta\"\npool = \"pool_tdata\"\ntransaction_id = {transaction}\nchunk_size = {chunk}\n{more}");

    private static string Thin(string name, int device, int extents, string more = "") =>
        Volume(name, $"start_extent = 0\nextent_count = {extents}\ntype = \"thin\"\nthin_pool = \"pool\"\ntransaction_id = 0\ndevice_id = {device}\n{more}");

    private static LvmDisk Disk(ThinMetadata metadata, string volumes)
    {
        LvmDisk disk = new LvmDisk(new string('a', 32), DataStart + (64 * ExtentSize)).FillData(1);
        metadata.Bytes.CopyTo(disk.Bytes.AsSpan(DataStart));
        return disk.Write(Text(Uuids("group"), 1, [disk], volumes + SubVolumes));
    }

    private static Dictionary<string, LogicalVolume> Volumes(LvmDisk disk) =>
        Assert.Single(VolumeGroups.Assemble([PhysicalVolume.TryOpen(disk.Device)!])).LogicalVolumes.ToDictionary(volume => volume.Name);

    private static byte[] Read(BlockDevice device)
    {
        var bytes = new byte[device.Length];
        device.Read(0, bytes);
        return bytes;
    }

    private static byte[] Block(LvmDisk disk, int block) => disk.Bytes.AsSpan(DataStart + ((PerBlock + (block * PerBlock)) * ExtentSize), DataBlockSize).ToArray();

    [Fact]
    public void thin_volumes_are_read_through_their_pool()
    {
        LvmDisk disk = Disk(Metadata(), Pool() + Thin("one", 1, 40) + Thin("two", 2, 33, "origin = \"one\"\n"));
        Dictionary<string, LogicalVolume> volumes = Volumes(disk);
        Assert.Equal([.. Block(disk, 2), .. Block(disk, 0), .. new byte[8 * ExtentSize]], Read(volumes["one"].Open()));
        Assert.Equal([.. new byte[DataBlockSize], .. Block(disk, 1), .. new byte[ExtentSize]], Read(volumes["two"].Open()));
        Assert.Equal(("pool", null, false), (volumes["one"].Pool, volumes["one"].Origin, volumes["one"].IsSnapshot));
        Assert.Equal(("pool", "one", true), (volumes["two"].Pool, volumes["two"].Origin, volumes["two"].IsSnapshot));
        Assert.Equal(new VolumeUsage(2 * DataBlockSize, 3 * DataBlockSize), volumes["one"].ReadUsage());
        Assert.Equal((1L * DataBlockSize, 3L * DataBlockSize), (volumes["pool"].ReadUsage()!.Used, volumes["pool"].ReadUsage()!.Total));
        Assert.All(volumes.Values, volume => Assert.Empty(volume.Warnings));
    }

    [Fact]
    public void a_pool_is_refused_with_the_names_of_its_volumes()
    {
        LogicalVolume pool = Volumes(Disk(Metadata(), Pool() + Thin("one", 1, 40) + Thin("two", 2, 33)))["pool"];
        var refused = Assert.Throws<UnsupportedException>(pool.Open);
        Assert.Equal("logical volume vg/pool: a thin pool has no bytes of its own", refused.Message);
        Assert.Equal("name one of its volumes: vg/one, vg/two", refused.Hint);
    }

    [Fact]
    public void an_external_origin_shows_where_nothing_is_mapped()
    {
        LvmDisk disk = Disk(Metadata(), Pool() + Volume("base", "\"READ\", \"VISIBLE\"", [Stripes(0, 2, ("pv0", 60))]) + Thin("two", 2, 33, "external_origin = \"base\"\n"));
        LogicalVolume two = Volumes(disk)["two"];
        Assert.Equal(("base", false), (two.Origin, two.IsSnapshot));
        byte[] shown = disk.Bytes.AsSpan(DataStart + (60 * ExtentSize), 2 * ExtentSize).ToArray();
        Assert.Equal([.. shown, .. new byte[DataBlockSize - shown.Length], .. Block(disk, 1), .. new byte[ExtentSize]], Read(two.Open()));
        Assert.Contains("absent", Assert.Throws<CorruptException>(Volumes(Disk(Metadata(), Pool() + Thin("two", 2, 33, "external_origin = \"absent\"\n")))["two"].Open).Message);
    }

    [Fact]
    public void a_snapshot_that_is_to_replace_its_origin_is_read_in_its_place()
    {
        LvmDisk disk = Disk(Metadata(), Pool() + Thin("one", 1, 40) + Thin("two", 2, 33, "origin = \"one\"\nmerge = \"one\"\n"));
        LogicalVolume one = Volumes(disk)["one"];
        Assert.Equal([.. new byte[DataBlockSize], .. Block(disk, 1), .. new byte[ExtentSize]], Read(one.Open()));
        Assert.Equal(33 * ExtentSize, one.ContentSize);
        Assert.Contains("vg/two is being merged into vg/one", Assert.Single(one.Warnings));
    }

    [Fact]
    public void metadata_of_another_transaction_and_a_pool_that_needs_a_check_are_warned_about()
    {
        Dictionary<string, LogicalVolume> volumes = Volumes(Disk(Metadata(flags: 1), Pool(transaction: 5) + Thin("one", 1, 40)));
        Read(volumes["one"].Open());
        foreach (string name in new[] { "one", "pool" })
        {
            Assert.Contains(volumes[name].Warnings, warning => warning.StartsWith("thin pool vg/pool: its metadata is of transaction 3, LVM's of 5", StringComparison.Ordinal));
            Assert.Contains(volumes[name].Warnings, warning => warning.Contains("needs_check"));
        }
    }

    [Fact]
    public void a_damaged_superblock_is_corruption_of_the_pool_and_its_volumes_and_no_others()
    {
        ThinMetadata metadata = Metadata();
        metadata.Block(0)[50] ^= 1;
        LvmDisk disk = Disk(metadata, Pool() + Thin("one", 1, 40) + Volume("other", Stripes(0, 4, ("pv0", 60))));
        Dictionary<string, LogicalVolume> volumes = Volumes(disk);
        Assert.StartsWith("thin pool vg/pool: the checksum of the pool's superblock is 0x", Assert.Throws<CorruptException>(volumes["one"].Open).Message);
        Assert.Throws<CorruptException>(() => volumes["pool"].ReadUsage());
        Assert.Empty(volumes["one"].Warnings);
        Layer group = Layer.OfDisk(disk.Device, "disk", []).Children.Single();
        Assert.Equal([false, false, true], group.Children.Select(layer => layer.HasContent));
    }

    [Fact]
    public void a_device_that_the_pool_does_not_have_is_corruption_of_that_volume()
    {
        var failure = Assert.Throws<CorruptException>(Volumes(Disk(Metadata(), Pool() + Thin("nine", 9, 40)))["nine"].Open);
        Assert.Equal("logical volume vg/nine: the pool has no device 9", failure.Message);
    }

    [Fact]
    public void a_cropped_pool_is_read_and_one_with_an_unknown_flag_is_refused()
    {
        Volumes(Disk(Metadata(), Pool(type: "thin-pool+CROP_METADATA") + Thin("one", 1, 40)))["one"].Open();
        Assert.Contains("NEWFLAG", Assert.Throws<UnsupportedException>(Volumes(Disk(Metadata(), Pool(type: "thin-pool+NEWFLAG") + Thin("one", 1, 40)))["one"].Open).Message);
    }

    public static TheoryData<string> Nonsense =>
    [
        Pool(chunk: 256) + Thin("one", 1, 40), Thin("one", 1, 40), Pool().Replace("pool_tmeta", "absent") + Thin("one", 1, 40),
        Volume("pool", Stripes(0, 4, ("pv0", 0))) + Thin("one", 1, 40), Pool().Replace("pool_tmeta", "one") + Thin("one", 1, 40),
        Pool() + Thin("one", 1, 40).Replace("device_id = 1", ""), Pool() + Thin("one", 1, 40, "external_origin = \"one\"\n"),
    ];

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void metadata_that_makes_no_sense_is_corrupt(string volumes) => Assert.Throws<CorruptException>(Volumes(Disk(Metadata(), volumes))["one"].Open);

    [Theory]
    [InlineData("cache")]
    [InlineData("cache-pool")]
    [InlineData("writecache")]
    [InlineData("vdo")]
    [InlineData("vdo-pool")]
    [InlineData("integrity")]
    public void other_types_are_listed_and_refused_by_name(string type)
    {
        LvmDisk disk = Disk(Metadata(), Volume("other", $"start_extent = 0\nextent_count = 4\ntype = \"{type}\"\norigin = \"pool_tdata\"\n"));
        LogicalVolume volume = Volumes(disk)["other"];
        Assert.Equal((type, 4L * ExtentSize), (volume.Type, volume.Size));
        Assert.Contains($"reading {type} volumes is not supported", Assert.Throws<UnsupportedException>(volume.Open).Message);
    }
}
