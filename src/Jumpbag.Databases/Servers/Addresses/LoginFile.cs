using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>
/// ~/.mylogin.cnf, which mysql_config_editor writes and MySQL's client reads after all other option files: an option file of which each
/// line is encrypted, by a key that stands beside it.
/// </summary>
/// <remarks>
/// 0 4 unused, 4 20 key; then for each line 4 its length, little-endian, and the line, AES-128-ECB with PKCS #7 padding. The cipher's key is
/// the 20 bytes folded to 16 by XOR.
/// </remarks>
internal static class LoginFile
{
    private const int KeyOffset = 4, KeyLength = 20, CipherKeyLength = 16, MostLine = 4096, MostBytes = 1 << 20;

    /// <summary>Its text; null where there is none, or where it is left out.</summary>
    public static string? Read(string path, List<string> warnings)
    {
        byte[] bytes;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            if ((File.GetUnixFileMode(stream.SafeFileHandle) & Others) != 0)
            {
                warnings.Add($"{path}: others can read or write it, so it is not read; chmod 600 {path}");
                return null;
            }
            if (stream.Length is < KeyOffset + KeyLength or > MostBytes)
                throw Wrong(path);
            bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: cannot be read: {(e is UnauthorizedAccessException ? "permission denied" : e.Message)}", null, e);
        }
        OpenSsl.Require($"reading {path}");
        return Decrypt(path, bytes);
    }

    private static string Decrypt(string path, ReadOnlySpan<byte> bytes)
    {
        byte[] key = new byte[CipherKeyLength];
        for (int i = 0; i < KeyLength; i++)
            key[i % CipherKeyLength] ^= bytes[KeyOffset + i];
        using var cipher = Aes.Create();
        cipher.Key = key;
        var text = new StringBuilder();
        for (bytes = bytes[(KeyOffset + KeyLength)..]; !bytes.IsEmpty;)
        {
            int length = bytes.Length < sizeof(int) ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (length is <= 0 or > MostLine || length > bytes.Length - sizeof(int))
                throw Wrong(path);
            try
            {
                text.Append(Encoding.UTF8.GetString(cipher.DecryptEcb(bytes.Slice(sizeof(int), length), PaddingMode.PKCS7)));
            }
            catch (CryptographicException e)
            {
                throw Wrong(path, e);
            }
            bytes = bytes[(sizeof(int) + length)..];
        }
        return text.ToString();
    }

    private static FailedException Wrong(string path, Exception? cause = null) =>
        new($"{path}: is damaged, or no file of mysql_config_editor", "write it anew with mysql_config_editor set, or move it away", cause);
}
