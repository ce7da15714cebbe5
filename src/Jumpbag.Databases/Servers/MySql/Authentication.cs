using System.Security.Cryptography;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Databases.Servers.MySql;

/// <summary>The plugins by which a server has an account prove its password. Each gives the bytes that it sends.</summary>
internal static class Authentication
{
    public const string Native = "mysql_native_password", CachingSha2 = "caching_sha2_password", Sha256 = "sha256_password",
        Ed25519 = "client_ed25519", Clear = "mysql_clear_password", AuthSocket = "auth_socket", UnixSocket = "unix_socket";

    /// <summary>The first answer to a scramble.</summary>
    public static byte[] Answer(string plugin, ReadOnlySpan<byte> scramble, string password, ServerSocket socket)
    {
        byte[] secret = Encoding.UTF8.GetBytes(password);
        try
        {
            switch (plugin)
            {
                // An account that the operating system vouches for; the server asks for nothing, whatever its plugin is called.
                case "" or AuthSocket or UnixSocket:
                    return [];
                case Native:
                    return secret.Length == 0 ? [] : NativeAnswer(scramble, secret);
                case CachingSha2:
                    return secret.Length == 0 ? [] : CachingSha2Answer(scramble, secret);
                case Sha256:
                    // Empty, in the clear where nobody reads along, or a request for the server's key.
                    return secret.Length == 0 ? [0] : socket.IsPrivate ? [.. secret, 0] : [RequestKeySha256];
                case Ed25519:
                    OpenSsl.Require($"the login by {plugin}");
                    return Ed25519Signature.Sign(secret, scramble);
                case Clear:
                    if (!socket.IsPrivate)
                        throw new UnsupportedException("the server wants the password in the clear, and the connection is not encrypted",
                            "connect with ssl-mode=verify-identity, or through the server's Unix socket");
                    return [.. secret, 0];
                default:
                    throw new UnsupportedException($"the account logs in by {new ByteString(Encoding.Latin1.GetBytes(plugin))}, which is not supported",
                        "use an account that logs in by a password (mysql_native_password, ed25519, caching_sha2_password) or unix_socket");
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Asks for the RSA key with which the password is then encrypted; the two plugins say it differently.</summary>
    public const byte RequestKeySha256 = 1, RequestKeyCachingSha2 = 2;

#pragma warning disable CA5350 // SHA-1 is what the protocol says.
    /// <summary>SHA1(password) XOR SHA1(scramble, SHA1(SHA1(password)))</summary>
    public static byte[] NativeAnswer(ReadOnlySpan<byte> scramble, ReadOnlySpan<byte> password)
    {
        OpenSsl.Require($"the login by {Native}");
        Span<byte> once = stackalloc byte[SHA1.HashSizeInBytes];
        Span<byte> mixed = stackalloc byte[20 + SHA1.HashSizeInBytes];
        SHA1.HashData(password, once);
        scramble[..20].CopyTo(mixed);
        SHA1.HashData(once, mixed[20..]);
        byte[] answer = SHA1.HashData(mixed);
        Mix(answer, once);
        return answer;
    }
#pragma warning restore CA5350

    /// <summary>SHA256(password) XOR SHA256(SHA256(SHA256(password)), scramble)</summary>
    public static byte[] CachingSha2Answer(ReadOnlySpan<byte> scramble, ReadOnlySpan<byte> password)
    {
        byte[] once = Core.Sha256.Hash(password);
        byte[] answer = Core.Sha256.Hash([.. Core.Sha256.Hash(once), .. scramble[..20]]);
        Mix(answer, once);
        return answer;
    }

    /// <summary>The password with its NUL, XOR the scramble, encrypted with the server's key (RSA, OAEP with SHA-1).</summary>
    public static byte[] Encrypt(string password, ReadOnlySpan<byte> scramble, ReadOnlySpan<byte> pem, ServerSocket socket)
    {
        OpenSsl.Require("the encryption of the password");
        byte[] secret = [.. Encoding.UTF8.GetBytes(password), 0];
        for (int i = 0; i < secret.Length; i++)
            secret[i] ^= scramble[i % 20];
        try
        {
            using var key = RSA.Create();
            key.ImportFromPem(Encoding.Latin1.GetString(pem));
            // A key of a few bits would be no protection.
            if (key.KeySize is < 2048 or > 16384)
                throw socket.Broken($"an RSA key of {key.KeySize} bits");
            return key.Encrypt(secret, RSAEncryptionPadding.OaepSHA1);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw socket.Broken("its RSA key cannot be read, or is too short for the password");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static void Mix(Span<byte> into, ReadOnlySpan<byte> other)
    {
        for (int i = 0; i < into.Length; i++)
            into[i] ^= other[i];
    }
}
