using System.Text;
using Jumpbag.Core;
using Jumpbag.FileSystems.Tar;

namespace Jumpbag.Tests.Unit.Tar;

public sealed class TarFormatTests
{
    [Fact]
    public void a_record_counts_its_own_length()
    {
        for (int length = 0; length < 12000; length++)
        {
            var records = new PaxRecords();
            records.Add("path"u8, new byte[length]);
            string text = Encoding.ASCII.GetString(records.Bytes);
            Assert.Equal(text.Length, int.Parse(text[..text.IndexOf(' ')], null));
        }
    }

    [Theory]
    [InlineData(0, 1, "21 mtime=0.000000001\n")]
    [InlineData(-1, 500_000_000, "22 mtime=-0.500000000\n")]
    [InlineData(-2, 0, "12 mtime=-2\n")]
    [InlineData(15032385535, 0, "21 mtime=15032385535\n")]
    [InlineData(long.MinValue, 0, "30 mtime=-9223372036854775808\n")]
    public void a_time_is_decimal_seconds_on_either_side_of_1970(long seconds, int nanoseconds, string expected)
    {
        var records = new PaxRecords();
        records.Add("mtime"u8, new Timestamp(seconds, nanoseconds));
        Assert.Equal(expected, Encoding.ASCII.GetString(records.Bytes));
    }

    [Fact]
    public void a_name_fits_up_to_its_fields()
    {
        Assert.True(Fits(new string('a', 100)));
        Assert.False(Fits(new string('a', 101)));
        Assert.True(Fits($"{new string('a', 155)}/{new string('b', 100)}"));
        Assert.False(Fits($"{new string('a', 156)}/{new string('b', 100)}"));
        Assert.False(Fits($"{new string('a', 155)}/{new string('b', 101)}"));
        Assert.False(Fits($"/{new string('b', 101)}"));
    }

    [Fact]
    public void a_number_fits_up_to_its_digits()
    {
        var header = new UstarHeader(new byte[512], TarType.Regular);
        Assert.True(header.SetUid(2097151));
        Assert.False(header.SetUid(2097152));
        Assert.True(header.SetSize((8L << 30) - 1));
        Assert.False(header.SetSize(8L << 30));
        Assert.False(header.SetModified(-1));
    }

    [Fact]
    public void a_map_has_whole_blocks_and_ends_where_the_file_does()
    {
        var map = new SparseMap();
        map.Clear(5000);
        map.Add(700, 800);
        map.Add(900, 1000);
        map.Add(4990, 5000);
        Assert.Equal(new (long, long)[] { (512, 1024), (4608, 5000) }, map.Ranges);
        Assert.Equal(512 + 392, map.DataLength);
        Assert.True(map.HasHoles);
    }

    [Fact]
    public void a_map_with_too_many_ranges_joins_the_rest()
    {
        var map = new SparseMap(most: 2);
        map.Clear(1 << 20);
        for (int i = 0; i < 10; i++)
            map.Add(i * 4096, (i * 4096) + 512);
        Assert.Equal(new (long, long)[] { (0, 512), (4096, (9 * 4096) + 512) }, map.Ranges);
        Assert.Equal(512 + (8 * 4096) + 512, map.DataLength);
    }

    [Fact]
    public void what_is_no_access_control_list_has_no_text()
    {
        Assert.Null(AclText.Format([]));
        Assert.Null(AclText.Format([1, 0, 0, 0]));
        Assert.Null(AclText.Format([2, 0, 0, 0, 1, 0, 7]));
        Assert.Equal("user:4294967294:r-x\n"u8.ToArray(), AclText.Format([2, 0, 0, 0, 2, 0, 5, 0, 0xFE, 0xFF, 0xFF, 0xFF]));
    }

    private static bool Fits(string name) => new UstarHeader(new byte[512], TarType.Regular).SetName(Encoding.ASCII.GetBytes(name));
}
