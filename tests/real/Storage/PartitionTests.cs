using System.Globalization;
using System.Text.RegularExpressions;
using Jumpbag.Storage;
using Jumpbag.Storage.Partitions;

namespace Jumpbag.Tests.Real.Storage;

public class PartitionTests
{
    private const long MiB = 1024 * 1024, GiB = 1024 * MiB;

    [Fact]
    public void the_first_classic_disk_has_its_root_at_byte_525336576()
    {
        Workshop.Need("sfdisk");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 53_687_091_200);
        workshop.Shell($"sfdisk -q '{file}'", """
            label: dos
            label-id: 0x0007a1d5
            start=2048, size=1024000, type=83, bootable
            start=1026048, size=101799936, type=83
            start=102825984, size=2031616, type=82
            """);
        using FileSource source = FileSource.Open(file);
        PartitionTable table = PartitionTable.TryOpen(source)!;
        Assert.Equal(("dos", "0x0007a1d5", 512), (table.Scheme, table.Id, table.SectorSize));
        Assert.Equal([2048, 1026048, 102825984], table.Partitions.Select(p => p.StartSector));
        Assert.Equal(525336576, table.Partitions[1].Offset);
        Assert.Equal("0007a1d5-02", table.Partitions[1].Uuid);
        Assert.Equal(["0x83", "0x83", "0x82"], table.Partitions.Select(p => p.TypeCode));
        Assert.True(table.Partitions[0].Bootable);
        Assert.Empty(table.Warnings);
    }

    [Fact]
    public void the_second_classic_disk_has_one_partition_at_byte_32256()
    {
        Workshop.Need("sfdisk");
        Workshop.Need("mke2fs");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 64 * MiB);
        workshop.Shell($"sfdisk -q '{file}' && mke2fs -q -t ext3 -E offset=32256 '{file}' 60M", "label: dos\nstart=63, type=83\n");
        using FileSource source = FileSource.Open(file);
        Partition partition = Assert.Single(PartitionTable.TryOpen(source)!.Partitions);
        Assert.Equal((63, 32256), (partition.StartSector, partition.Offset));
        Assert.Equal("ext3", Jumpbag.Storage.Signatures.Signature.Probe(new Slice(source, partition.Offset, partition.Length))!.Format);
    }

    public static TheoryData<int, int> Seeds
    {
        get
        {
            var seeds = new TheoryData<int, int>();
            for (int seed = 0; seed < 12; seed++)
                seeds.Add(seed, seed % 3 == 0 ? 4096 : 512);
            return seeds;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void a_dos_table_is_what_sfdisk_reads(int seed, int sectorSize)
    {
        Workshop.Need("sfdisk");
        using var workshop = new Workshop();
        var random = new Random(seed);
        string file = workshop.Sparse("disk", 8 * GiB);
        int primaries = random.Next(0, 4), logical = random.Next(1, 30);
        long unit = MiB / sectorSize, at = unit;
        var script = new List<string> { "label: dos" };
        string[] types = ["83", "82", "8e", "7", "c", "fd", "ef"];
        for (int i = 0; i < primaries; i++)
        {
            script.Add($"{i + 1}: start={at}, size={unit * 8}, type={types[random.Next(types.Length)]}{(random.Next(2) == 0 ? ", bootable" : "")}");
            at += unit * random.Next(8, 20);
        }
        script.Add($"{primaries + 1}: start={at}, size={unit * 4000}, type={(random.Next(2) == 0 ? "5" : "f")}");
        for (int i = 0; i < logical; i++)
        {
            at += unit * random.Next(1, 5);
            long size = unit * random.Next(1, 60);
            script.Add($"{5 + i}: start={at}, size={size}, type={types[random.Next(types.Length)]}");
            at += size;
        }
        MakeAndCompare(workshop, file, script, sectorSize);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void a_gpt_is_what_sfdisk_reads(int seed, int sectorSize)
    {
        Workshop.Need("sfdisk");
        using var workshop = new Workshop();
        var random = new Random(seed);
        string file = workshop.Sparse("disk", 8 * GiB);
        long unit = MiB / sectorSize, at = unit;
        var script = new List<string> { "label: gpt" };
        string[] types = ["linux", "swap", "lvm", "uefi", "raid", "home", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "11111111-2222-3333-4444-555555555555"];
        int number = 1;
        for (int i = 0; i < random.Next(1, 25); i++)
        {
            at += unit * random.Next(0, 3);
            long size = unit * random.Next(1, 200);
            script.Add($"{number}: start={at}, size={size}, type={types[random.Next(types.Length)]}, name=\"part {i}\"");
            at += size;
            number += random.Next(1, 4);
        }
        MakeAndCompare(workshop, file, script, sectorSize);
    }

    [Fact]
    public void a_table_that_parted_made_is_read()
    {
        Workshop.Need("parted");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", GiB);
        workshop.Shell($"parted -s '{file}' mklabel msdos mkpart primary ext4 1MiB 100MiB mkpart extended 100MiB 100% mkpart logical 101MiB 200MiB mkpart logical 201MiB 300MiB set 1 boot on");
        Compare(workshop, file, 512);
    }

    [Fact]
    public void a_hybrid_mbr_is_read_as_gpt()
    {
        Workshop.Need("sgdisk");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", GiB);
        workshop.Shell($"sgdisk -n 1:2048:+100M -t 1:8300 -c 1:first -n 2:0:+100M -t 2:0700 -h 1:2 '{file}'");
        using FileSource source = FileSource.Open(file);
        PartitionTable table = PartitionTable.TryOpen(source)!;
        Assert.Equal("gpt", table.Scheme);
        Assert.Equal(["first", null], table.Partitions.Select(p => p.Name));
        Assert.Contains(table.Warnings, w => w.Contains("hybrid", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2_000_000_000, "cut short")]
    [InlineData(6_000_000_000, "grown")]
    public void the_gpt_of_an_image_that_changed_its_length_is_read(long length, string warning)
    {
        Workshop.Need("sgdisk");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 4 * GiB);
        workshop.Shell($"sgdisk -n 1:2048:+1G -n 2:0:0 '{file}'");
        workshop.Shell($"truncate -s {length} '{file}'");
        using FileSource source = FileSource.Open(file);
        PartitionTable table = PartitionTable.TryOpen(source)!;
        Assert.Equal([1, 2], table.Partitions.Select(p => p.Number));
        Assert.Contains(table.Warnings, w => w.Contains(warning, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(512, 1)]
    [InlineData(1024, 2)]
    [InlineData(512, 33)]
    public void a_gpt_whose_primary_was_overwritten_is_read_from_its_backup(int offset, int sectors)
    {
        Workshop.Need("sgdisk");
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", GiB);
        workshop.Shell($"sgdisk -n 1:2048:+100M -c 1:alpha -n 5:0:+100M -c 5:beta '{file}'");
        string before = Describe(file);
        workshop.Shell($"dd if=/dev/urandom of='{file}' bs=512 seek={offset / 512} count={sectors} conv=notrunc status=none");
        Assert.Equal(before, Describe(file));
        // And when the image has grown as well, the protective entry says where the last sector was.
        workshop.Shell($"truncate -s 2G '{file}'");
        Assert.Equal(before, Describe(file));

        static string Describe(string file)
        {
            using FileSource source = FileSource.Open(file);
            return string.Join("\n", PartitionTable.TryOpen(source)!.Partitions);
        }
    }

    [Theory]
    [InlineData("mkfs.vfat", "mkfs.vfat -F 32 $F")]
    [InlineData("mkfs.vfat", "mkfs.vfat -F 16 -s 16 $F")]
    [InlineData("mkntfs", "mkntfs -q -F -Q $F")]
    [InlineData("mkfs.exfat", "mkfs.exfat $F")]
    [InlineData("mke2fs", "mke2fs -q -t ext4 $F")]
    [InlineData("mke2fs", "mke2fs -q -t ext4 $F && printf '\\125\\252' | dd of=$F bs=1 seek=510 conv=notrunc status=none")]
    [InlineData("mkfs.xfs", "mkfs.xfs -q $F")]
    [InlineData("mkfs.btrfs", "mkfs.btrfs -q $F")]
    [InlineData("sgdisk", "sgdisk -n 1:2048:+100M $F && mke2fs -q -F -t ext4 $F")]
    public void a_filesystem_without_a_table_has_none(string program, string command)
    {
        Workshop.Need(program);
        using var workshop = new Workshop();
        string file = workshop.Sparse("disk", 320 * MiB);
        workshop.Shell($"F='{file}'; {command}");
        using FileSource source = FileSource.Open(file);
        Assert.Null(PartitionTable.TryOpen(source));
    }

    [Fact]
    public void a_hybrid_iso_is_a_partitioned_disk()
    {
        Workshop.Need("xorriso");
        using var workshop = new Workshop();
        Directory.CreateDirectory(workshop.File("content"));
        File.WriteAllText(workshop.File("content/hello"), "hello");
        workshop.Shell("xorriso -as mkisofs -quiet -o disc.iso -partition_offset 16 content");
        using FileSource source = FileSource.Open(workshop.File("disc.iso"));
        Assert.Equal("dos", PartitionTable.TryOpen(source)!.Scheme);
    }

    private static void MakeAndCompare(Workshop workshop, string file, List<string> script, int sectorSize)
    {
        File.WriteAllLines(workshop.File("script"), script);
        // Only fdisk takes a sector size for an image.
        workshop.Shell(sectorSize == 512 ? $"sfdisk -q '{file}' < script" : $"printf 'I\\nscript\\nw\\n' | fdisk -b {sectorSize} '{file}'");
        // The sector size of a DOS table shows only in what stands at the starts.
        if (sectorSize != 512 && script[0] == "label: dos")
            Plant(file, sectorSize, Dump(workshop, file, sectorSize));
        Compare(workshop, file, sectorSize);
    }

    private static void Plant(string file, int sectorSize, string dump)
    {
        using FileStream stream = File.OpenWrite(file);
        foreach (Match row in Rows(dump).FindAll(m => Field(m, "type") is not ("5" or "f")))
        {
            stream.Position = long.Parse(Field(row, "start")!, CultureInfo.InvariantCulture) * sectorSize;
            stream.Write([(byte)'L', (byte)'U', (byte)'K', (byte)'S', 0xBA, 0xBE, 0, 1]);
        }
    }

    private static string Dump(Workshop workshop, string file, int sectorSize)
    {
        if (sectorSize == 512)
            return workshop.Shell($"sfdisk -d '{file}'");
        workshop.Shell($"rm -f dump; printf 'O\\ndump\\nq\\n' | fdisk -b {sectorSize} '{file}'");
        return File.ReadAllText(workshop.File("dump"));
    }

    private static List<Match> Rows(string dump) =>
        Regex.Matches(dump, @"^\S*?(?<number>\d+) : (?<fields>.*)$", RegexOptions.Multiline).ToList();

    private static string? Field(Match row, string name) =>
        Regex.Match(row.Groups["fields"].Value, $"\\b{name}=\\s*(?:\"(?<value>[^\"]*)\"|(?<value>[^,\\s]+))") is { Success: true } m ? m.Groups["value"].Value : null;

    private static string Heading(string dump, string name) => Regex.Match(dump, $@"^{name}: (\S+)", RegexOptions.Multiline).Groups[1].Value;

    private static void Compare(Workshop workshop, string file, int sectorSize)
    {
        string dump = Dump(workshop, file, sectorSize);
        using FileSource source = FileSource.Open(file);
        PartitionTable table = PartitionTable.TryOpen(source)!;

        Assert.Equal(Heading(dump, "label"), table.Scheme);
        Assert.Equal(Heading(dump, "label-id").ToLowerInvariant(), table.Id);
        Assert.Equal(sectorSize, table.SectorSize);
        Assert.Empty(table.Warnings);
        List<Match> rows = Rows(dump);
        Assert.NotEmpty(rows);
        Assert.Equal(rows.Count, table.Partitions.Count);
        foreach ((Match row, Partition p) in rows.Zip(table.Partitions))
        {
            Assert.Equal(row.Groups["number"].Value, $"{p.Number}");
            Assert.Equal(Field(row, "start"), $"{p.StartSector}");
            Assert.Equal(Field(row, "size"), $"{p.SectorCount}");
            Assert.Equal(p.StartSector * sectorSize, p.Offset);
            Assert.Equal(p.SectorCount * sectorSize, p.Length);
            string type = Field(row, "type")!.ToLowerInvariant();
            Assert.Equal(table.Scheme == "dos" ? $"0x{type}" : type, p.TypeCode);
            Assert.Equal(Field(row, "name"), p.Name);
            Assert.Equal(row.Value.Contains("bootable", StringComparison.Ordinal), p.Bootable);
            if (Field(row, "uuid") is { } uuid)
                Assert.Equal(uuid.ToLowerInvariant(), p.Uuid);
        }
    }
}
