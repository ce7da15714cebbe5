using System.Text;
using System.Text.Json;
using Jumpbag.Core;
using Org.BouncyCastle.Crypto.Generators;

namespace Jumpbag.Backup.Repository;

/// <summary>A file of the folder "keys": the repository's own keys, sealed with a password.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Keys, Encryption and MAC"</remarks>
internal static class KeyFile
{
    /// <summary>Memory that scrypt may take for what the file asks, bytes; restic's own files ask for 32 to 128 MiB.</summary>
    private const long MostMemory = 512L << 20;

    /// <summary>The keys; null where the password is another.</summary>
    /// <exception cref="CorruptException">The file cannot be made out.</exception>
    public static RepositoryCipher? TryOpen(ReadOnlyMemory<byte> file, string name, ReadOnlySpan<byte> password)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(file);
            JsonElement key = document.RootElement;
            string kdf = key.GetProperty("kdf").GetString() ?? "";
            if (kdf != "scrypt")
                throw new UnsupportedException($"key {name}: the key derivation {kdf} is not known");
            int n = key.GetProperty("N").GetInt32(), r = key.GetProperty("r").GetInt32(), p = key.GetProperty("p").GetInt32();
            if (n < 2 || !int.IsPow2(n) || r < 1 || p is < 1 or > 64 || 128L * n * r > MostMemory)
                throw new UnsupportedException($"key {name}: scrypt with N={n}, r={r}, p={p} takes more memory than is given it");
            byte[] derived = SCrypt.Generate(password.ToArray(), key.GetProperty("salt").GetBytesFromBase64(), n, r, p, RepositoryCipher.KeySize + 2 * RepositoryCipher.HalfKeySize);
            byte[]? opened;
            using (var cipher = new RepositoryCipher(derived.AsMemory(0, 32), derived.AsMemory(32, 16), derived.AsMemory(48, 16)))
                opened = cipher.TryOpen(key.GetProperty("data").GetBytesFromBase64());
            return opened is null ? null : Master(opened);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CorruptException($"key {name}: {e.Message}");
        }
    }

    private static RepositoryCipher Master(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement mac = document.RootElement.GetProperty("mac");
        byte[] encryption = document.RootElement.GetProperty("encrypt").GetBytesFromBase64(), k = mac.GetProperty("k").GetBytesFromBase64(), r = mac.GetProperty("r").GetBytesFromBase64();
        return encryption.Length == RepositoryCipher.KeySize && k.Length == RepositoryCipher.HalfKeySize && r.Length == RepositoryCipher.HalfKeySize
            ? new(encryption, k, r) : throw new FormatException("the repository's keys have other lengths than AES-256 and Poly1305 take");
    }
}
