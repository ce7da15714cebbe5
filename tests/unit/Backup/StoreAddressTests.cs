using Jumpbag.Backup.Stores;
using Jumpbag.Core;

namespace Jumpbag.Tests.Unit.Backup;

public sealed class StoreAddressTests
{
    [Theory]
    [InlineData("rest:http://h/", "rest:http://h/")]
    [InlineData("rest:https://u:p%40w@h:8000/a/b", "rest:https://h:8000/a/b/")]
    [InlineData("rest:http://[::1]:8000", "rest:http://[::1]:8000/")]
    [InlineData("sftp://backup@web2:2222/srv/backup", "sftp://backup@web2:2222/srv/backup")]
    [InlineData("sftp:backup@web2:srv", "sftp:backup@web2:srv")]
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
    [InlineData("sftp:cafe:/r:latest:/x", "sftp:cafe:/r", "latest:/x")]
    [InlineData("sftp:cafe:beef:latest", "sftp:cafe:beef", "latest")]
    [InlineData("sftp://cafe:22/r:latest:/x", "sftp://cafe:22/r", "latest:/x")]
    [InlineData("s3:http://h:9000/b/p:abc", "s3:http://h:9000/b/p", "abc")]
    [InlineData("s3://h/cafe:latest", "s3://h/cafe", "latest")]
    [InlineData("swift:cafe:/:latest:/x", "swift:cafe:/", "latest:/x")]
    [InlineData("swift://c/p:latest", "swift://c/p", "latest")]
    [InlineData("rest:http://h/r:x/y", "rest:http://h/r:x/y", null)]
    public void a_snapshot_is_told_from_the_colons_of_an_address(string text, string address, string? snapshot) => Assert.Equal((address, snapshot), StoreAddress.Split(text));

    [Theory]
    [InlineData("rest:h/r")]
    [InlineData("rest:ftp://u:geheim@h/r")]
    [InlineData("rest:http://u:geheim@/")]
    [InlineData("sftp://u:geheim@h/srv")]
    [InlineData("sftp://-oProxyCommand=evil/srv")]
    [InlineData("sftp:h")]
    [InlineData("sftp://h$(evil)/x")]
    [InlineData("s3:h")]
    [InlineData("s3:http://u:geheim@h/b")]
    [InlineData("swift:c")]
    [InlineData("swift://u:geheim@c/p")]
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

    [Theory]
    [InlineData("rest:http://u:p%40w@h/r:latest", "rest:http://u@h/r:latest", "RESTIC_REST_PASSWORD=p@w")]
    [InlineData("rest:http://u@h/r:latest", "rest:http://u@h/r:latest", null)]
    [InlineData("a:b@c/d", "a:b@c/d", null)]
    public void what_others_see_has_no_password(string text, string seen, string? variable)
    {
        Assert.Equal(seen, StoreAddress.WithoutPassword(text, out string? found));
        Assert.Equal(variable, found);
    }

    [Fact]
    public void what_only_rclone_reaches_is_said_so() => Assert.Contains("rclone serve restic", Assert.Throws<UnsupportedException>(() => StoreAddress.Parse("b2:bucket:/x")).Hint, StringComparison.Ordinal);
}
