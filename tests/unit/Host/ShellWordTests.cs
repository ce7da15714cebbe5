using Jumpbag.Host;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Host;

public class ShellWordTests
{
    [Theory]
    [InlineData("")]
    [InlineData("plain/path-1_2.img@3:/etc")]
    [InlineData("a{b,c}")]
    [InlineData("{1..3}")]
    [InlineData("{}/etc")]
    [InlineData("it's $HOME `id` \"x\" \\ * ? [a] ~ # & ; | < > ( ) !")]
    [InlineData("~root")]
    [InlineData("two words\tand\nlines")]
    public void bash_takes_it_for_the_one_word_that_it_is(string word) =>
        Assert.Equal($"1 {word}|", Shell.Run("bash", "-c", $"set -- {ShellWord.Quote(word)}; printf '%s %s|' \"$#\" \"$1\""));

    [Fact]
    public void what_needs_no_quotes_has_none() => Assert.Equal("{}/disk.img@1:/etc", ShellWord.Quote("{}/disk.img@1:/etc"));
}
