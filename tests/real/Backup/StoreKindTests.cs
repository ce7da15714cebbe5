using System.Diagnostics;
using System.Net.Sockets;
using Jumpbag.Backup.Maintenance;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>What one kind of store alone has.</summary>
[Collection(nameof(StoreServers))]
public sealed class StoreKindTests(StoreServers servers)
{
    [Fact]
    public void a_host_whose_key_is_not_known_or_another_and_a_login_that_is_not_taken_are_refused_in_words()
    {
        StoreServer server = servers["sftp"];
        foreach ((string host, string why, string hint) in new[]
        {
            ("unknown", "its host key is not known here: nothing was sent", "'ssh unknown' once"),
            ("changed", "its host key is not the one that is known of it: nothing was sent", "ssh-keygen -R changed"),
            ("stranger", "the login is refused: .*Permission denied", "ssh-copy-id"),
        })
        {
            using RepositoryStore store = StoreAddress.Parse($"sftp://{host}/srv").Open(new() { Ssh = server.Ssh });
            long begin = Stopwatch.GetTimestamp();
            JumpbagException e = Assert.Throws<FailedException>(() => store.HasRepository());
            Assert.Matches($"^sftp://{host}/srv: {why}", e.Message);
            Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
            Assert.True(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(5), "tried again though it will never go");
        }
    }

    [Fact]
    public void a_path_behind_one_slash_is_looked_for_from_the_root_and_then_as_restic_does_at_home()
    {
        StoreServer server = servers["sftp"];
        string name = $"jumpbag-home-{Guid.NewGuid():N}", home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), name);
        try
        {
            using (RepositoryStore store = StoreAddress.Parse($"sftp:box:{name}").Open(new() { Ssh = server.Ssh }))
            {
                store.Prepare();
                store.Save(FileKind.Config, "config", new byte[] { 1 });
                store.Save(FileKind.Key, new('a', 64), new byte[] { 2 });
            }
            Assert.Equal(new byte[] { 1 }, File.ReadAllBytes($"{home}/config"));
            foreach (string address in new[] { $"sftp://box/{name}", $"sftp://box/~/{name}" })
            {
                using RepositoryStore store = StoreAddress.Parse(address).Open(new() { Ssh = server.Ssh });
                Assert.True(store.HasRepository());
                Assert.Equal(new string('a', 64), Assert.Single(store.List(FileKind.Key)));
            }
            using RepositoryStore root = StoreAddress.Parse($"sftp://box//{name}").Open(new() { Ssh = server.Ssh });
            Assert.False(root.HasRepository());
        }
        finally
        {
            Shell.Run("rm", "-rf", "--", home);
        }
    }

    [Fact]
    public void keystone_opens_a_container_and_a_token_that_has_run_out_is_renewed()
    {
        StoreServer server = servers["swift"];
        using var keystone = new FakeKeystone(server);
        var variables = new Dictionary<string, string>
        {
            ["OS_AUTH_URL"] = keystone.Address,
            ["OS_USERNAME"] = "anna",
            ["OS_PASSWORD"] = StoreServers.SwiftKey,
            ["OS_PROJECT_NAME"] = "shop",
            ["OS_USER_DOMAIN_NAME"] = "Default",
            ["OS_PROJECT_DOMAIN_NAME"] = "Default",
            ["OS_REGION_NAME"] = "dallas",
        };
        using RepositoryStore store = StoreAddress.Parse("swift://jumpbag-keystone").Open(new() { Variable = variables.GetValueOrDefault });
        store.Prepare();
        byte[] content = StoreTests.Bytes(40, 1000), there = new byte[1000];
        string name = StoreTests.NameOf(content);
        store.Save(FileKind.Pack, name, content);
        // All tokens are in there.
        using (var memcached = new TcpClient("127.0.0.1", server.Port + 4))
        {
            memcached.GetStream().Write("flush_all\r\n"u8);
            Assert.Equal('O', memcached.GetStream().ReadByte());
        }
        store.Read(FileKind.Pack, name, 0, there);
        Assert.Equal(content, there);
        Assert.Equal(2, keystone.Logins);

        // rclone takes this Keystone for one too, and sees the file.
        Require.Tool("rclone");
        string listed = Shell.Run("env", [.. variables.Select(variable => $"{variable.Key}={variable.Value}"), "RCLONE_SWIFT_ENV_AUTH=true", "rclone", "--config", "/dev/null", "lsf", "-R", "--files-only", ":swift:jumpbag-keystone"]);
        Assert.Equal($"data/{name[..2]}/{name}\n", listed);

        var secrets = new Dictionary<string, string> { ["OS_AUTH_URL"] = keystone.Address, ["OS_REGION_NAME"] = "dallas", ["OS_APPLICATION_CREDENTIAL_ID"] = "app", ["OS_APPLICATION_CREDENTIAL_SECRET"] = StoreServers.SwiftKey };
        using RepositoryStore application = StoreAddress.Parse("swift://jumpbag-keystone").Open(new() { Variable = secrets.GetValueOrDefault });
        Assert.Equal(1000, application.Length(FileKind.Pack, name));
        variables["OS_PASSWORD"] = "wrong";
        using RepositoryStore wrong = StoreAddress.Parse("swift://jumpbag-keystone").Open(new() { Variable = variables.GetValueOrDefault });
        Assert.Contains("OS_PASSWORD", Assert.Throws<FailedException>(() => wrong.HasRepository()).Hint, StringComparison.Ordinal);
    }

    /// <summary>An append-only server withstands; a plain one does not; one that keeps versions only where these cannot be deleted either.</summary>
    [Theory]
    [InlineData("rest", Trouble.None, "^does not withstand: an object could be overwritten$", "")]
    [InlineData("sftp", Trouble.None, "^does not withstand: an object could be overwritten$", "")]
    [InlineData("rest-append", Trouble.None, "^withstands: an object could neither be overwritten .* nor deleted ", "")]
    [InlineData("s3", Trouble.None, "^does not withstand: an object could be overwritten$", "")]
    [InlineData("s3", Trouble.None, "and then the version of it that was kept could be deleted too$", "versions")]
    [InlineData("s3", Trouble.Lock, "^withstands: an object could be overwritten, but what was in it stays as a version, which could not be deleted .*access is denied", "locked")]
    [InlineData("swift", Trouble.None, "and then the version of it that was kept could be deleted too$", "versions")]
    [InlineData("swift", Trouble.Lock, "^withstands: an object could be overwritten, but what was in it stays as a version, which could not be deleted ", "locked")]
    public void whether_a_store_withstands_who_has_its_keys_is_tried(string kind, Trouble trouble, string says, string versions)
    {
        StoreServer server = servers[kind];
        using var proxy = new TroublesomeProxy(server.Port, seed: 1) { Trouble = trouble };
        string name = $"canary{versions}";
        using RepositoryStore store = server.Open(name, proxy.Port);
        using BackupRepository repository = BackupRepository.Create(store, "pw"u8.ToArray(), null, _ => { });
        if (versions.Length > 0)
            Shell.Run("bash", "-c", """
                auth=$(curl -si -H "X-Auth-User: $ST_USER" -H "X-Auth-Key: $ST_KEY" "$ST_AUTH" | tr -d '\r'); token=$(sed -n 's/^X-Auth-Token: //ip' <<<"$auth"); url=$(sed -n 's/^X-Storage-Url: //ip' <<<"$auth")
                curl -sf -X POST -H "X-Auth-Token: $token" -H 'X-Versions-Enabled: true' "$url/$1"
                """.Insert(0, string.Concat(server.Variables.Select(variable => $"export {variable.Key}={Shell.Quote(variable.Value)}\n"))), "bash", kind == "s3" ? $"jumpbag-s3-{name}" : $"jumpbag-{name}");
        CanaryResult result = CanaryTest.Run(repository, null);
        Assert.Matches(says, result.Message);
        Assert.Equal(says.StartsWith("^withstands", StringComparison.Ordinal), result.Stayed);
        if (!result.Stayed)
        {
            Assert.Empty(store.List(FileKind.Pack));
            Assert.Empty(store.Versions(FileKind.Pack, result.Name));
            return;
        }
        // The next test takes the same one.
        CanaryResult again = CanaryTest.Run(repository, result.Name);
        Assert.True(again.Stayed && again.Name == result.Name, again.Message);
        proxy.Trouble = Trouble.None;
        if (versions.Length > 0)
            Assert.False(CanaryTest.Run(repository, result.Name).Stayed);
    }
}
