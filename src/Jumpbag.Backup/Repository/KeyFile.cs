using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Jumpbag.Core;

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
            byte[] derived = Scrypt.Derive(password, key.GetProperty("salt").GetBytesFromBase64(), n, r, p, RepositoryCipher.KeySize + 2 * RepositoryCipher.HalfKeySize);
            byte[]? opened;
            using (RepositoryCipher cipher = Split(derived))
                opened = cipher.TryOpen(key.GetProperty("data").GetBytesFromBase64());
            return opened is null ? null : Master(opened);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CorruptException($"key {name}: {e.Message}");
        }
    }

    /// <summary>A key file for new keys of a repository, and its cipher.</summary>
    public static (byte[] File, RepositoryCipher Master) Create(ReadOnlySpan<byte> password, DateTimeOffset now, string user, string host)
    {
        // N and r as restic chooses them: 32 MiB for each try.
        const int N = 1 << 15, R = 8, P = 4;
        byte[] keys = RandomNumberGenerator.GetBytes(RepositoryCipher.KeySize + 2 * RepositoryCipher.HalfKeySize), salt = RandomNumberGenerator.GetBytes(64);
        var master = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(master))
        {
            json.WriteStartObject();
            json.WriteStartObject("mac");
            json.WriteBase64String("k", keys.AsSpan(RepositoryCipher.KeySize, RepositoryCipher.HalfKeySize));
            json.WriteBase64String("r", keys.AsSpan(RepositoryCipher.KeySize + RepositoryCipher.HalfKeySize));
            json.WriteEndObject();
            json.WriteBase64String("encrypt", keys.AsSpan(0, RepositoryCipher.KeySize));
            json.WriteEndObject();
        }
        byte[] derived = Scrypt.Derive(password, salt, N, R, P, RepositoryCipher.KeySize + 2 * RepositoryCipher.HalfKeySize);
        using RepositoryCipher cipher = Split(derived);
        var file = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(file))
        {
            json.WriteStartObject();
            json.WriteString("created", now);
            json.WriteString("username", user);
            json.WriteString("hostname", host);
            json.WriteString("kdf", "scrypt");
            json.WriteNumber("N", N);
            json.WriteNumber("r", R);
            json.WriteNumber("p", P);
            json.WriteBase64String("salt", salt);
            json.WriteBase64String("data", cipher.Seal(master.WrittenSpan));
            json.WriteEndObject();
        }
        return (file.WrittenSpan.ToArray(), Split(keys));
    }

    /// <summary>Keys as scrypt gives them: for AES-256, then k and r of Poly1305-AES.</summary>
    private static RepositoryCipher Split(byte[] keys) => new(keys.AsMemory(0, 32), keys.AsMemory(32, 16), keys.AsMemory(48, 16));

    private static RepositoryCipher Master(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement mac = document.RootElement.GetProperty("mac");
        byte[] encryption = document.RootElement.GetProperty("encrypt").GetBytesFromBase64(), k = mac.GetProperty("k").GetBytesFromBase64(), r = mac.GetProperty("r").GetBytesFromBase64();
        return encryption.Length == RepositoryCipher.KeySize && k.Length == RepositoryCipher.HalfKeySize && r.Length == RepositoryCipher.HalfKeySize
            ? new(encryption, k, r) : throw new FormatException("the repository's keys have other lengths than AES-256 and Poly1305 take");
    }
}
