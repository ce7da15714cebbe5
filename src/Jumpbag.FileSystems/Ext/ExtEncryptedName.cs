using System.Buffers.Binary;
using System.Buffers.Text;
using Jumpbag.Core;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// A name of an encrypted directory as the kernel shows it to those without the key: its bytes may be any, so that they are
/// written in base64url, behind the directory's hash of them; of a long one the end is replaced by its SHA-256.
/// https://docs.kernel.org/filesystems/fscrypt.html#encryption-modes-and-usage (no-key names)
/// </summary>
internal static class ExtEncryptedName
{
    private const int HashBytes = 8, Shown = 149;

    public static ByteString NoKeyName(ReadOnlySpan<byte> encrypted, uint hash, uint minorHash)
    {
        ReadOnlySpan<byte> shown = encrypted[..Math.Min(Shown, encrypted.Length)];
        ReadOnlySpan<byte> rest = encrypted[shown.Length..];
        Span<byte> whole = stackalloc byte[HashBytes + Shown + Sha256.Size];
        BinaryPrimitives.WriteUInt32LittleEndian(whole, hash);
        BinaryPrimitives.WriteUInt32LittleEndian(whole[4..], minorHash);
        shown.CopyTo(whole[HashBytes..]);
        int length = HashBytes + shown.Length;
        if (!rest.IsEmpty)
        {
            Sha256.Hash(rest).CopyTo(whole[length..]);
            length += Sha256.Size;
        }
        return ByteString.Own(Base64Url.EncodeToUtf8(whole[..length]));
    }
}
