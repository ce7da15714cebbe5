using System.Globalization;
using System.Text;
using CsCheck;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Tests.Unit.Backup;

public sealed class SnapshotParsingTests
{
    private static readonly StorageId Tree = StorageId.Of("tree"u8);

    [Theory]
    [InlineData(@"plain", "plain")]
    [InlineData(@"a\\x41\""", "a\\x41\"")]
    [InlineData(@"\a\b\t\n\v\f\r", "\a\b\t\n\v\f\r")]
    [InlineData(@"\u2028\U0001f600\x41\101", "\u2028\U0001f600AA")]
    public void names_are_what_they_were_before_go_quoted_them(string quoted, string name) => Assert.Equal(name, Encoding.UTF8.GetString(GoText.Unquote(Encoding.UTF8.GetBytes(quoted))));

    [Fact]
    public void bytes_that_are_no_text_have_their_place() => Assert.Equal([0xFF, (byte)'n', 0x80], GoText.Unquote(@"\xffn\x80"u8));

    [Theory]
    [InlineData(@"\")]
    [InlineData(@"\q")]
    [InlineData(@"\x4")]
    [InlineData(@"\xzz")]
    [InlineData(@"\ud800")]
    [InlineData(@"\U00110000")]
    [InlineData(@"\199")]
    public void half_a_name_is_none(string quoted) => Assert.Throws<FormatException>(() => GoText.Unquote(Encoding.UTF8.GetBytes(quoted)));

    [Fact]
    public void times_are_those_of_dotnet()
    {
        Gen.Select(Gen.Long[DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay], Gen.Int[-14 * 60, 14 * 60]).Sample((ticks, minutes) =>
        {
            var local = new DateTime(ticks, DateTimeKind.Unspecified);
            string text = local.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture)
                + (minutes == 0 ? "Z" : $"{(minutes < 0 ? '-' : '+')}{Math.Abs(minutes) / 60:00}:{Math.Abs(minutes) % 60:00}");
            long utc = ticks - minutes * TimeSpan.TicksPerMinute - DateTime.UnixEpoch.Ticks;
            long seconds = Math.DivRem(utc, TimeSpan.TicksPerSecond, out long rest);
            Assert.Equal(rest < 0 ? new Timestamp(seconds - 1, (int)(rest + TimeSpan.TicksPerSecond) * 100) : new Timestamp(seconds, (int)rest * 100), Rfc3339.Parse(Encoding.ASCII.GetBytes(text)));
        });
        Assert.Equal(new Timestamp(0, 123_456_789), Rfc3339.Parse("1970-01-01T00:00:00.123456789Z"u8));
        Assert.Equal(new Timestamp(-62_167_219_200, 0), Rfc3339.Parse("0000-01-01T00:00:00Z"u8));
        foreach (string wrong in new[] { "", "1970-13-01T00:00:00Z", "1970-02-30T00:00:00Z", "1970-01-01T00:00:00", "1970-01-01T00:00:00+1", "yesterday, or so it seems" })
            Assert.Throws<FormatException>(() => Rfc3339.Parse(Encoding.ASCII.GetBytes(wrong)));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("\\\\x00")]
    public void a_name_that_leads_elsewhere_is_refused(string name) =>
        Assert.Throws<CorruptException>(() => Parse($$"""{"nodes":[{"name":"{{name}}","type":"file","mtime":"1970-01-01T00:00:00Z"}]}"""));

    [Fact]
    public void modes_and_devices_are_gos_and_linuxs()
    {
        SnapshotNode[] nodes = Parse("""
            {"nodes":[{"name":"a","type":"file","mode":8389101,"links":2,"inode":7,"device_id":1,"size":5},{"name":"b","type":"dir","mode":2148532735},
            {"name":"c","type":"dev","mode":67109248,"device":4611686293366142832},{"name":"d","type":"file","links":2,"inode":7,"device_id":1}]}
            """);
        Assert.Equal([0x9ED, 0x3FF, 0x180, 0], nodes.Select(node => node.Permissions));
        Assert.Equal([FileType.Regular, FileType.Directory, FileType.BlockDevice, FileType.Regular], nodes.Select(node => node.Type));
        Assert.Equal([(7UL, 1UL), null, null, (7, 1)], originals);
    }

    /// <summary>Whatever the bytes are: a tree, an index, or a clear error.</summary>
    [Fact]
    public void altered_documents_are_told_and_nothing_else()
    {
        string id = StorageId.Of("x"u8).ToString();
        byte[] tree = Encoding.UTF8.GetBytes($$"""{"nodes":[{"name":"a\\xff","type":"file","mode":420,"mtime":"2014-12-22T14:47:59.912418701+01:00","uid":1,"links":1,"size":3,"content":["{{id}}"],"extended_attributes":[{"name":"user.x","value":"aGk="}]},{"name":"b","type":"dir","subtree":"{{id}}","content":null}]}""");
        byte[] index = Encoding.UTF8.GetBytes($$"""{"supersedes":["{{id}}"],"packs":[{"id":"{{id}}","blobs":[{"id":"{{id}}","type":"data","offset":0,"length":38,"uncompressed_length":511}]}]}""");
        Assert.Equal(2, Parse(Encoding.UTF8.GetString(tree)).Length);
        Gen.Select(Gen.Int[0, 400], Gen.Byte, Gen.Int[0, 3]).Array[1, 4].Sample(changes =>
        {
            foreach (byte[] document in new[] { tree, index })
            {
                var altered = new List<byte>(document);
                foreach ((int at, byte value, int how) in changes)
                {
                    if (altered.Count == 0)
                        break;
                    int place = at % altered.Count;
                    if (how == 0)
                        altered.RemoveRange(place, altered.Count - place);
                    else if (how == 1)
                        altered.Insert(place, value);
                    else if (how == 2)
                        altered.RemoveAt(place);
                    else
                        altered[place] = value;
                }
                try
                {
                    if (document == tree)
                        TreeParser.Parse(altered.ToArray(), Tree, (place, _) => (ulong)place);
                    else
                        new BlobIndex().Add(altered.ToArray(), "index");
                }
                catch (CorruptException)
                {
                    // Told.
                }
            }
        }, iter: 20_000);
    }

    [Fact]
    public void a_blob_of_several_packs_has_all_its_places()
    {
        var index = new BlobIndex();
        StorageId blob = StorageId.Of("blob"u8);
        for (int i = 0; i < 3; i++)
            index.Add(BlobType.Data, blob, new(index.AddPack(StorageId.Of([(byte)i])), 0, 40, 0));
        index.Add(BlobType.Data, blob, new(1, 0, 40, 0));
        Assert.Equal([0, 1, 2], index.Places(BlobType.Data, blob).Select(place => place.Pack));
        Assert.Empty(index.Places(BlobType.Tree, blob));
        Assert.True(index.TryFind(BlobType.Data, blob, out BlobPlace? first));
        Assert.Equal(8, first.Value.ContentLength);
    }

    private readonly List<(ulong, ulong)?> originals = [];

    private SnapshotNode[] Parse(string json) => TreeParser.Parse(Encoding.UTF8.GetBytes(json), Tree, (place, original) =>
    {
        originals.Add(original is { } file ? (file.Inode, file.Device) : null);
        return (ulong)place;
    });
}
