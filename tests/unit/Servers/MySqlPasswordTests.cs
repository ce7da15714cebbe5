using System.Security.Cryptography;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Tests.Unit.Servers;

/// <summary>
/// The logins of MySQL 8, which no server at hand has. The scrambles are those that the tests of Go's MySQL driver expect of MySQL's own
/// algorithm.
/// </summary>
public sealed class MySqlPasswordTests
{
    [Theory]
    [InlineData("secret", "f490e76f66d9d86665ce54d98c78d0acfe2fb0b08b423da807144873d30b312c")]
    [InlineData("secret2", "abc3934a012cf342e876071c8ee202de51785b430258a7a0138bc79c4d800bc6")]
    public void caching_sha2_password_answers_with_the_published_scramble(string password, string expected)
    {
        byte[] response = [];
        using var server = new FakeServer((_, stream) =>
        {
            FakeServer.Send(stream, 0, FakeServer.Greeting("caching_sha2_password"));
            response = FakeServer.Receive(stream);
            FakeServer.Send(stream, 2, [1, 3]);
            FakeServer.Send(stream, 3, FakeServer.Ok);
            FakeServer.Receive(stream);
            FakeServer.Send(stream, 1, FakeServer.Ok);
        });
        using var connection = MySqlConnection.Connect(server.Address(ServerKind.MariaDb, password: password));
        Assert.Equal("8.0.36", connection.Version.Text);
        Assert.False(connection.Version.IsMariaDb);
        // 32 bytes, the user and NUL, the length, the answer, the plugin's name.
        Assert.Equal(expected, Convert.ToHexStringLower(response.AsSpan(35, 32)));
        Assert.EndsWith("caching_sha2_password\0", Encoding.ASCII.GetString(response), StringComparison.Ordinal);
        Assert.Null(server.Failure);
    }

    [Theory]
    [InlineData("caching_sha2_password", 2)]
    [InlineData("sha256_password", 1)]
    public void without_encryption_the_password_is_sent_under_the_servers_key(string plugin, byte request)
    {
        using var key = RSA.Create(2048);
        string received = "";
        using var server = new FakeServer((_, stream) =>
        {
            FakeServer.Send(stream, 0, FakeServer.Greeting(plugin));
            byte[] response = FakeServer.Receive(stream);
            int sequence = 2;
            if (request == 2)
            {
                FakeServer.Send(stream, sequence, [1, 4]);
                Assert.Equal([request], FakeServer.Receive(stream));
                sequence += 2;
            }
            else
                Assert.Equal([1, request], response[34..36]);
            FakeServer.Send(stream, sequence, [1, .. Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem())]);
            byte[] secret = key.Decrypt(FakeServer.Receive(stream), RSAEncryptionPadding.OaepSHA1);
            for (int i = 0; i < secret.Length; i++)
                secret[i] ^= FakeServer.Scramble[i % 20];
            received = Encoding.UTF8.GetString(secret);
            FakeServer.Send(stream, sequence + 2, FakeServer.Ok);
            FakeServer.Receive(stream);
            FakeServer.Send(stream, 1, FakeServer.Ok);
        });
        using var connection = MySqlConnection.Connect(server.Address(ServerKind.MariaDb, password: "a secret of more than twenty bytes"));
        Assert.Null(server.Failure);
        Assert.Equal("a secret of more than twenty bytes\0", received);
    }

    [Fact]
    public void a_key_that_protects_nothing_is_refused()
    {
        using var key = RSA.Create(1024);
        using var server = new FakeServer((_, stream) =>
        {
            FakeServer.Send(stream, 0, FakeServer.Greeting("caching_sha2_password"));
            FakeServer.Receive(stream);
            FakeServer.Send(stream, 2, [1, 4]);
            FakeServer.Receive(stream);
            FakeServer.Send(stream, 4, [1, .. Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem())]);
        });
        Assert.Contains("1024 bits", Assert.Throws<ConnectionLostException>(() => MySqlConnection.Connect(server.Address(ServerKind.MariaDb))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void a_plugin_that_is_not_known_is_named()
    {
        using var server = new FakeServer((_, stream) =>
        {
            FakeServer.Send(stream, 0, FakeServer.Greeting("authentication_fido_client"));
            FakeServer.Receive(stream);
            FakeServer.Send(stream, 2, [0xFE, .. "authentication_fido_client\0"u8, .. FakeServer.Scramble, 0]);
        });
        UnsupportedException e = Assert.Throws<UnsupportedException>(() => MySqlConnection.Connect(server.Address(ServerKind.MariaDb)));
        Assert.Contains("authentication_fido_client", e.Message, StringComparison.Ordinal);
    }
}
