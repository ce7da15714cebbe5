using Jumpbag.Backup.Stores;
using Jumpbag.Core;

namespace Jumpbag.Tests.Unit.Backup;

public sealed class StoreAddressTests
{
    [Theory]
    [InlineData("rest:http://h/", "rest:http://h/")]
    [InlineData("rest:https://u:p%40w@h:8000/a/b", "rest:https://h:8000/a/b/")]
    [InlineData("rest:http://[::1]:8000", "rest:http://[::1]:8000/")]
    [InlineData("/srv/backup", "/srv/backup")]
    [InlineData("file:///srv/backup", "/srv/backup")]
    [InlineData("./a:b", "./a:b")]
    public void an_address_is_shown_without_its_password(string text, string place) => Assert.Equal(place, StoreAddress.Parse(text).Place);

    [Theory]
    [InlineData("rest:http://h/r:latest", "rest:http://h/r", "latest")]
    [InlineData("rest:http://u:beef@h:8000/r/:4bba301e:/etc/a:b", "rest:http://u:beef@h:8000/r/", "4bba301e:/etc/a:b")]
    [InlineData("rest:http://h:8000:latest:/x", "rest:http://h:8000", "latest:/x")]
    [InlineData("rest:http://h:8000", "rest:http://h:8000", null)]
    [InlineData("rest:http://h:latest", "rest:http://h", "latest")]
    [InlineData("rest:http://[cafe::1]:80/r:latest:etc", "rest:http://[cafe::1]:80/r", "latest:etc")]
    [InlineData("rest:http://h/r:x/y", "rest:http://h/r:x/y", null)]
    public void a_snapshot_is_told_from_the_colons_of_an_address(string text, string address, string? snapshot) => Assert.Equal((address, snapshot), StoreAddress.Split(text));

    [Theory]
    [InlineData("rest:h/r")]
    [InlineData("rest:ftp://u:geheim@h/r")]
    [InlineData("rest:http://u:geheim@/")]
    [InlineData("http://u:geheim@h/")]
    [InlineData("ftp://u:gehe:im@h/")]
    [InlineData("scp:u:geheim@h:/x")]
    public void what_is_no_address_is_told_without_its_password(string text)
    {
        UsageException e = Assert.Throws<UsageException>(() => StoreAddress.Parse(text));
        Assert.NotNull(e.Hint);
        Assert.DoesNotContain("gehe", e.Message + e.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("im@", e.Message + e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void what_only_rclone_reaches_is_said_so() => Assert.Contains("rclone serve restic", Assert.Throws<UnsupportedException>(() => StoreAddress.Parse("b2:bucket:/x")).Hint, StringComparison.Ordinal);
}
