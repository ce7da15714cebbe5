using System.Text;
using Jumpbag.Core;
using Jumpbag.Storage.Lvm;

namespace Jumpbag.Tests.Unit.Lvm;

public class ConfigTextTests
{
    private static ConfigSection Parse(string text) => ConfigText.Parse(Encoding.UTF8.GetBytes(text), out _);

    [Fact]
    public void sections_values_lists_and_comments_are_read()
    {
        ConfigSection root = Parse("# a comment\nvg+a.b-c_d {\n\tid = \"x\"\t# another\n\tseqno=7\n\tstatus = [\"READ\", \"WRITE\"]\n\tflags = []\n"
            + "\tinner { low = -3 list = [ \"pv0\" , 5, ] }\n}\ndevice = '/dev/a\"b\\'\n");
        ConfigSection group = Assert.Single(root.Sections);
        Assert.Equal("vg+a.b-c_d", group.Name);
        Assert.Equal("x", group.Text("id"));
        Assert.Equal(7, group.Integer("seqno"));
        Assert.Equal(["READ", "WRITE"], group.Texts("status"));
        Assert.Empty(group.List("flags"));
        Assert.Equal(-3, group.Section("inner")!.IntegerOrNull("low"));
        Assert.Equal(["pv0", 5L], group.Section("inner")!.List("list"));
        Assert.Equal("/dev/a\"b\\", root.Text("device"));
    }

    [Fact]
    public void a_backslash_in_double_quotes_makes_the_next_character_stand_for_itself() =>
        Assert.Equal("say \"a\\b\" # {}", Parse("""text = "say \"a\\b\" # {}" """).Text("text"));

    [Fact]
    public void nothing_behind_a_nul_is_read() => Assert.Equal(1, Parse("a = 1\n\0}}}").Integer("a"));

    [Theory]
    [InlineData("a {")]
    [InlineData("a { b = 1")]
    [InlineData("a = ")]
    [InlineData("a = [1, 2")]
    [InlineData("a = [1 2]")]
    [InlineData("a = [,]")]
    [InlineData("a = \"x")]
    [InlineData("a = \"x\\")]
    [InlineData("a = \"x\\\"")]
    [InlineData("a")]
    [InlineData("a b")]
    [InlineData("= 1")]
    [InlineData("}")]
    [InlineData("a = }")]
    [InlineData("a = 1 a = 2")]
    public void what_is_no_such_text_is_corrupt(string text) => Assert.Throws<CorruptException>(() => Parse(text));

    [Fact]
    public void sections_may_nest_but_not_without_bound()
    {
        Assert.NotNull(Parse(string.Concat(Enumerable.Repeat("a {", 16)) + new string('}', 16)));
        Assert.Throws<CorruptException>(() => Parse(string.Concat(Enumerable.Repeat("a {", 1_000_000))));
    }

    [Fact]
    public void more_values_than_any_group_has_are_refused()
    {
        Assert.Equal(ConfigText.MaxValues, Parse($"a = [{string.Join(',', Enumerable.Repeat("1", ConfigText.MaxValues))}]").List("a").Count);
        Assert.Throws<UnsupportedException>(() => Parse($"a = [{string.Join(',', Enumerable.Repeat("1", ConfigText.MaxValues + 1))}]"));
    }

    [Fact]
    public void an_integer_that_is_missing_of_another_kind_or_out_of_range_is_corrupt()
    {
        ConfigSection section = Parse("text = \"1\" large = 4294967296 huge = 99999999999999999999 negative = -1");
        Assert.Throws<CorruptException>(() => section.Integer("missing"));
        Assert.Throws<CorruptException>(() => section.Integer("text"));
        Assert.Throws<CorruptException>(() => section.Integer("large"));
        Assert.Throws<CorruptException>(() => section.Integer("huge"));
        Assert.Throws<CorruptException>(() => section.Integer("negative"));
    }
}
