using Jumpbag.Storage.Partitions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Storage;

public class PartitionTableTests
{
    [Fact]
    public void a_loop_of_extended_boot_records_ends()
    {
        var disk = new byte[4096 * 512];
        Tables.Mbr(disk, 0, (0x83, 1, 9), (0x05, 100, 3000));
        Tables.Mbr(disk, 100, (0x83, 1, 50), (0x05, 100, 100));
        Tables.Mbr(disk, 200, (0x83, 1, 50), (0x05, 0, 100));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Equal([(1, 1L), (2, 100L), (5, 101L), (6, 201L)], table.Partitions.Select(p => (p.Number, p.StartSector)));
        Assert.Contains(table.Warnings, w => w.Contains("leads back", StringComparison.Ordinal));
    }

    [Fact]
    public void a_chain_longer_than_linux_can_number_is_cut()
    {
        var disk = new byte[2000 * 512];
        Tables.Mbr(disk, 0, (0x0F, 10, 1990));
        for (uint i = 0; i < 900; i++)
            Tables.Mbr(disk, 10 + i * 2, (0x83, 1, 1), (0x05, (i + 1) * 2, 2));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Equal(256, table.Partitions.Count);
        Assert.Contains(table.Warnings, w => w.Contains("more than 256", StringComparison.Ordinal));
    }

    [Fact]
    public void records_without_partitions_do_not_go_on_forever()
    {
        var disk = new byte[2000 * 512];
        Tables.Mbr(disk, 0, (0x83, 1, 5), (0x0F, 10, 1990));
        for (uint i = 0; i < 900; i++)
            Tables.Mbr(disk, 10 + i, (0, 0, 0), (0x05, i + 1, 2));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Equal(2, table.Partitions.Count);
        Assert.NotEmpty(table.Warnings);
    }

    [Fact]
    public void partitions_beyond_the_end_of_a_truncated_image_are_kept_and_said()
    {
        var disk = new byte[1000 * 512];
        Tables.Mbr(disk, 0, (0x83, 10, 100), (0x83, 500, 1000), (0x8E, 5000, 1000));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Equal(3, table.Partitions.Count);
        Assert.Contains("partition 2 reaches 250K (256000 bytes) beyond the end: the image is not complete", table.Warnings);
        Assert.Contains("partition 3 lies beyond the end: the image is not complete", table.Warnings);
    }

    [Fact]
    public void overlapping_partitions_are_said()
    {
        var disk = new byte[1000 * 512];
        Tables.Mbr(disk, 0, (0x83, 10, 100), (0x83, 50, 10), (0x83, 200, 10));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Equal(["partitions 1 and 2 overlap"], table.Warnings);
    }

    [Fact]
    public void a_boot_flag_that_no_table_has_means_no_table()
    {
        var disk = new byte[1000 * 512];
        Tables.Mbr(disk, 0, (0x83, 10, 100));
        disk[446] = 0x47;
        Assert.Null(PartitionTable.TryOpen(new ImageBytes(disk)));
    }

    [Theory]
    [InlineData(512, 128)]
    [InlineData(512, 256)]
    [InlineData(1024, 128)]
    [InlineData(2048, 512)]
    [InlineData(4096, 128)]
    public void a_gpt_of_any_sector_and_entry_size_is_read(int sectorSize, int entryLength)
    {
        byte[] disk = Tables.Gpt(1000, sectorSize, entryLength, (200, 299, "röot"), (300, 399, ""));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Equal(("gpt", "11223344-5566-7788-99aa-bbccddeeff00", sectorSize), (table.Scheme, table.Id, table.SectorSize));
        Assert.Equal(
            [(1, 200L * sectorSize, 100L * sectorSize, "röot"), (2, 300L * sectorSize, 100L * sectorSize, null)],
            table.Partitions.Select(p => (p.Number, p.Offset, p.Length, p.Name)));
        Assert.Equal("Linux filesystem", table.Partitions[0].TypeName);
        Assert.Empty(table.Warnings);
    }

    [Theory]
    [InlineData(512 + 40)] // the header
    [InlineData(1024 + 32)] // the array
    public void a_gpt_with_a_bad_primary_is_read_from_its_backup(int flipped)
    {
        byte[] disk = Tables.Gpt(1000, 512, 128, (200, 299, "a"));
        disk[flipped] ^= 1;
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Equal(200, Assert.Single(table.Partitions).StartSector);
        Assert.Contains("backup", Assert.Single(table.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void a_gpt_whose_first_sectors_cannot_be_read_is_read_from_its_backup()
    {
        byte[] disk = Tables.Gpt(1000, 512, 128, (200, 299, "a"));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk, 512, (0, 4096)))!;
        Assert.Equal(200, Assert.Single(table.Partitions).StartSector);
        Assert.NotEmpty(table.Warnings);
    }

    [Fact]
    public void entries_that_fail_both_checksums_are_shown_with_a_warning()
    {
        byte[] disk = Tables.Gpt(1000, 512, 128, (200, 299, "a"));
        disk[1024 + 60] ^= 1;
        disk[(1000 - 33) * 512 + 60] ^= 1;
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Single(table.Partitions);
        Assert.Contains("may be wrong", Assert.Single(table.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void a_protective_mbr_without_a_gpt_says_so_and_has_no_partitions()
    {
        var disk = new byte[1000 * 512];
        Tables.Mbr(disk, 0, (0xEE, 1, 999));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Equal("gpt", table.Scheme);
        Assert.Empty(table.Partitions);
        Assert.Contains("both of its headers", Assert.Single(table.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void the_mbr_of_a_hybrid_is_what_is_left_when_both_headers_are_lost()
    {
        var disk = new byte[1000 * 512];
        Tables.Mbr(disk, 0, (0xEE, 1, 99), (0x83, 100, 200));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Equal(("dos", 2), (table.Scheme, Assert.Single(table.Partitions).Number));
        Assert.NotEmpty(table.Warnings);
    }

    [Fact]
    public void an_entry_that_ends_before_it_begins_is_left_out()
    {
        byte[] disk = Tables.Gpt(1000, 512, 128, (200, 299, "a"), (400, 300, "b"), (500, ulong.MaxValue, "c"));
        PartitionTable table = PartitionTable.TryOpen(new ImageBytes(disk))!;
        Assert.Single(table.Partitions);
        Assert.Contains("2 partition entries with an impossible end left out", table.Warnings);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(1_000_000)]
    public void an_empty_device_has_no_table(int length) => Assert.Null(PartitionTable.TryOpen(new ImageBytes(new byte[length])));
}
