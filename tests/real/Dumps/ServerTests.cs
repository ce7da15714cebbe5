using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Dumps;

/// <summary>The servers that the other tests compare with.</summary>
public sealed class ServerTests
{
    [Fact]
    public void a_mariadb_server_starts_answers_and_is_gone_at_the_end()
    {
        MariaDbServer.Require();
        string folder;
        using (var server = new MariaDbServer(tcp: true, "--max-allowed-packet=2M"))
        {
            folder = server.Folder;
            Assert.Equal("2097152\n", server.Query("SELECT @@max_allowed_packet"));
            Assert.Equal("1\n", Shell.Run("mariadb", "--no-defaults", "--host=127.0.0.1", $"--port={server.Port}", "--user=root", "-BNe", "SELECT 1"));
        }
        Assert.False(Directory.Exists(folder));
        Assert.DoesNotContain(folder, Shell.Run("ps", "axww", "-o", "args"), StringComparison.Ordinal);
    }

    [Fact]
    public void a_postgresql_server_starts_answers_and_is_gone_at_the_end()
    {
        PostgresServer.Require();
        string folder;
        using (var server = new PostgresServer(tcp: true, "wal_level=logical"))
        {
            folder = server.Folder;
            Assert.Equal("logical\n", server.Query("SHOW wal_level"));
        }
        Assert.False(Directory.Exists(folder));
        Assert.DoesNotContain(folder, Shell.Run("ps", "axww", "-o", "args"), StringComparison.Ordinal);
    }
}
