using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Backup.Sources;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;

namespace Jumpbag.Tests.Unit.Backup;

public sealed class TreeWritingTests
{
    [Theory]
    [InlineData("plain ~", "plain ~")]
    [InlineData("a\"b\\c", """a\\\"b\\\\c""")]
    [InlineData("<&>", """\u003c\u0026\u003e""")]
    [InlineData("\a\b\f\n\r\t\v\u0001\u007f", """\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f""")]
    [InlineData("ü€😀", "ü€😀")]
    [InlineData("\u2028\u00a0\u00ad\U000e0001", """\\u2028\\u00a0\\u00ad\\U000e0001""")]
    public void names_are_quoted_as_go_does(string name, string json) => Assert.Equal(json, Name(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void any_name_comes_back() => Gen.OneOf(Gen.Byte.Array[1, 40], Gen.String[1, 20].Select(Encoding.UTF8.GetBytes)).Sample(name =>
    {
        // JSON must be able to read it, and Go's quoting then gives the bytes.
        string text = JsonSerializer.Deserialize<string>($"\"{Name(name)}\"")!;
        Assert.Equal(name, GoText.Unquote(Encoding.UTF8.GetBytes(text)));
    });

    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/Berlin")]
    [InlineData("America/St_Johns")]
    [InlineData("Asia/Kathmandu")]
    public void any_time_comes_back(string zone)
    {
        TimeZoneInfo local = TimeZoneInfo.FindSystemTimeZoneById(zone);
        Gen.Select(Gen.Long[-62_135_596_800 + 86_400, 253_402_300_799 - 86_400], Gen.Int[0, 999_999_999]).Sample((seconds, nanoseconds) =>
        {
            var time = new Timestamp(seconds, nanoseconds);
            var text = new ArrayBufferWriter<byte>();
            Rfc3339.Write(time, local, text);
            Assert.Equal(time, Rfc3339.Parse(text.WrittenSpan));
            string shown = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(seconds), local).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
            Assert.StartsWith(shown, Encoding.ASCII.GetString(text.WrittenSpan), StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(0, 0, "1970-01-01T00:00:00Z")]
    [InlineData(-1, 500_000_000, "1969-12-31T23:59:59.5Z")]
    [InlineData(1, 1, "1970-01-01T00:00:01.000000001Z")]
    [InlineData(253_402_300_800, 0, "9999-01-01T00:00:00Z")]
    [InlineData(-62_167_219_201, 0, "0000-12-31T23:59:59Z")]
    public void times_are_written_as_go_does(long seconds, int nanoseconds, string text)
    {
        var written = new ArrayBufferWriter<byte>();
        Rfc3339.Write(new(seconds, nanoseconds), TimeZoneInfo.Utc, written);
        Assert.Equal(text, Encoding.ASCII.GetString(written.WrittenSpan));
    }

    [Fact]
    public void what_an_index_says_is_read_again()
    {
        StorageId pack = StorageId.Of("pack"u8), data = StorageId.Of("data"u8), tree = StorageId.Of("tree"u8);
        var builder = new IndexBuilder();
        builder.Add(pack, [new(BlobType.Data, data, 0, 50, 0), new(BlobType.Tree, tree, 50, 70, 400)]);
        var index = new BlobIndex();
        index.Add(builder.ToJson(new()), "index");
        Assert.True(index.TryFind(BlobType.Data, data, out BlobPlace? first));
        Assert.True(index.TryFind(BlobType.Tree, tree, out BlobPlace? second));
        Assert.Equal((pack, 0u, 50u, 18L), (index.Pack(first.Value), first.Value.Offset, first.Value.Length, first.Value.ContentLength));
        Assert.Equal((pack, 50u, 70u, 400L), (index.Pack(second.Value), second.Value.Offset, second.Value.Length, second.Value.ContentLength));
        Assert.False(index.TryClaim(BlobType.Data, data));
        Assert.True(index.TryClaim(BlobType.Data, tree));
        Assert.False(index.TryClaim(BlobType.Data, tree));
    }

    // The examples of restic's documentation and tests of --exclude, and Go's of path/filepath.Match.
    [Theory]
    [InlineData("*.go", "/foo/bar/test.go", true)]
    [InlineData("*.c", "/foo/bar/test.go", false)]
    [InlineData("bar", "/foo/bar/baz/test.go", true)]
    [InlineData("/foo", "/foo", true)]
    [InlineData("/foo", "/bar/foo", false)]
    [InlineData("/foo/*/baz", "/foo/bar/baz", true)]
    [InlineData("foo/**/bar", "/x/foo/a/b/bar", true)]
    [InlineData("foo/**/bar", "/x/foo/bar", true)]
    [InlineData("/foo/**/bar/**/x", "/foo/a/bar/b/c/x", true)]
    [InlineData("bar/*", "/foo/bar", false)]
    [InlineData("[a-c]x?", "/bxy", true)]
    [InlineData("[^a-c]x?", "/bxy", false)]
    [InlineData(@"a\*b", "/a*b", true)]
    [InlineData(@"a\*b", "/axb", false)]
    [InlineData("a*b*c", "/aXbYbZc", true)]
    [InlineData("ü?", "/üé", true)]
    [InlineData("/home/user/*/", "/home/user/x", true)]
    [InlineData("/", "/foo/bar", true)]
    public void patterns_leave_out_what_restics_do(string pattern, string path, bool matches) => Assert.Equal(matches, new PathPatterns([pattern]).Matches(ByteString.FromText(path)));

    [Fact]
    public void an_exclamation_mark_takes_back_in()
    {
        var patterns = new PathPatterns(["*.log", "!keep.log", "/keep.log"]);
        Assert.Equal([true, false, true], new[] { "/a/x.log", "/a/keep.log", "/keep.log" }.Select(path => patterns.Matches(ByteString.FromText(path))));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("[]")]
    [InlineData("a[b")]
    [InlineData("[a-]")]
    [InlineData("x\\")]
    public void a_pattern_that_means_nothing_is_refused(string pattern) => Assert.Throws<UsageException>(() => new PathPatterns([pattern]));

    [Fact]
    public void any_pattern_ends() => Gen.Select(Gen.String[Gen.Char["ab*?[]^-\\/"], 0, 12], Gen.String[Gen.Char["ab/"], 1, 12]).Sample((pattern, path) =>
    {
        try
        {
            new PathPatterns([pattern]).Matches(ByteString.FromText("/" + path));
        }
        catch (UsageException)
        {
        }
    });

    private static string Name(byte[] name)
    {
        var text = new ArrayBufferWriter<byte>();
        GoText.WriteName(name, text);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
