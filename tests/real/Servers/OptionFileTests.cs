using Jumpbag.Databases.Servers;
using Jumpbag.Databases.Servers.Addresses;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Servers;

/// <summary>Option files as MariaDB's own my_print_defaults reads them.</summary>
public sealed class OptionFileTests
{
    [Theory]
    [InlineData("user=plain")]
    [InlineData("  user  =  spaces around  ")]
    [InlineData("user = a#b")]
    [InlineData("user = a #b")]
    [InlineData("user = 'a#b' # c")]
    [InlineData("user = \"a#b\"#c")]
    [InlineData("user = 'a\\'b'")]
    [InlineData("user = \"a\\\"b\\\\\"")]
    [InlineData("user = a\\sb\\tc\\nd\\re\\bf\\\\g\\xh\\'i\\\"j\\")]
    [InlineData("user = 'a\"")]
    [InlineData("user = '")]
    [InlineData("user = ''")]
    [InlineData("user =")]
    [InlineData("user = 'it''s'")]
    [InlineData("user = a'#b'")]
    [InlineData("user = \\'#b'")]
    [InlineData("user = a=b=c")]
    [InlineData("user = one\nuser = two")]
    [InlineData("[other]\nuser=x\n[client]\nuser=y\n[mysqld]\nuser=z")]
    [InlineData("user=a\n[ client ]\nuser=b")]
    [InlineData("user=a\n[client-server]\nuser=b\n[client-mariadb]\nuser=c\n[mysql]\nuser=d\n[mariadb-client]\nuser=e")]
    [InlineData("user=a\n[mariadb-client]\nuser=e\n[client]\nuser=b")]
    [InlineData("user=a\r\n# comment\r\n; comment\r\n\r\nport=12\r\n")]
    [InlineData("user=a\n!include INCLUDED\n")]
    [InlineData("user=a\n!includedir FOLDER\nuser=b")]
    [InlineData("user = päss")]
    [InlineData("user = a\tb\t")]
    public void an_option_has_the_value_that_mariadb_gives_it(string text)
    {
        Require.Tool("my_print_defaults");
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("more"));
        File.WriteAllText(folder.File("included.cnf"), "[mysql]\nuser=included\nport=1\n");
        File.WriteAllText(folder.File("more/b.cnf"), "[client]\nuser=b\nport=2\n");
        File.WriteAllText(folder.File("more/a.cnf"), "[client]\nuser=a\nport=3\n");
        File.WriteAllText(folder.File("more/c.ini"), "[client]\nuser=c\nport=4\n");
        File.WriteAllText(folder.File("my.cnf"), "[client]\n" + text
            .Replace("INCLUDED", folder.File("included.cnf"), StringComparison.Ordinal).Replace("FOLDER", folder.File("more"), StringComparison.Ordinal) + "\n");
        // Values may hold line ends, so the last option is what follows its name up to the next one's.
        string printed = "\n" + Shell.Run("my_print_defaults", $"--defaults-file={folder.File("my.cnf")}", "mysql", "mariadb-client", "client", "client-server", "client-mariadb");
        string? user = Last(printed, "user"), port = Last(printed, "port");
        ServerAddress address = ServerAddress.Parse("mysql://", new() { DefaultsFile = folder.File("my.cnf"), UserName = "nobody", Environment = _ => null });
        Assert.Equal(user ?? "nobody", address.User);
        Assert.Equal(port ?? "3306", address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static string? Last(string printed, string name)
    {
        int at = printed.LastIndexOf($"\n--{name}=", StringComparison.Ordinal);
        if (at < 0)
            return null;
        string value = printed[(at + name.Length + 4)..];
        int end = value.IndexOf("\n--", StringComparison.Ordinal);
        return end < 0 ? value[..^1] : value[..end];
    }
}
