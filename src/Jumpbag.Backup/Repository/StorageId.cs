using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Jumpbag.Backup.Repository;

/// <summary>The SHA-256 hash by which a repository names its files and blobs.</summary>
public readonly record struct StorageId : IComparable<StorageId>
{
    public const int Size = 32, TextLength = 2 * Size;

    private readonly ulong a, b, c, d;

    public StorageId(ReadOnlySpan<byte> hash)
    {
        a = BinaryPrimitives.ReadUInt64BigEndian(hash);
        b = BinaryPrimitives.ReadUInt64BigEndian(hash[8..]);
        c = BinaryPrimitives.ReadUInt64BigEndian(hash[16..]);
        d = BinaryPrimitives.ReadUInt64BigEndian(hash[24..]);
    }

    public static StorageId Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(content, hash);
        return new(hash);
    }

    /// <summary>From 64 hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out StorageId id)
    {
        Span<byte> hash = stackalloc byte[Size];
        bool isId = text.Length == TextLength && Convert.FromHexString(text, hash, out _, out int written) == System.Buffers.OperationStatus.Done && written == Size;
        id = isId ? new(hash) : default;
        return isId;
    }

    public static bool TryParse(string text, out StorageId id) => TryParse(Encoding.UTF8.GetBytes(text), out id);

    // Hashes are random: any part of one is a good one.
    public override int GetHashCode() => (int)a;

    public bool Equals(StorageId other) => a == other.a && b == other.b && c == other.c && d == other.d;

    public int CompareTo(StorageId other) =>
        a != other.a ? a.CompareTo(other.a) : b != other.b ? b.CompareTo(other.b) : c != other.c ? c.CompareTo(other.c) : d.CompareTo(other.d);

    public static bool operator <(StorageId left, StorageId right) => left.CompareTo(right) < 0;

    public static bool operator >(StorageId left, StorageId right) => left.CompareTo(right) > 0;

    public static bool operator <=(StorageId left, StorageId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(StorageId left, StorageId right) => left.CompareTo(right) >= 0;

    [ExcludeFromCodeCoverage]
    public override string ToString() => $"{a:x16}{b:x16}{c:x16}{d:x16}";

    public void CopyTo(Span<byte> hash)
    {
        BinaryPrimitives.WriteUInt64BigEndian(hash, a);
        BinaryPrimitives.WriteUInt64BigEndian(hash[8..], b);
        BinaryPrimitives.WriteUInt64BigEndian(hash[16..], c);
        BinaryPrimitives.WriteUInt64BigEndian(hash[24..], d);
    }

    /// <summary>The 64 digits.</summary>
    public void WriteHex(Span<byte> text)
    {
        Span<byte> hash = stackalloc byte[Size];
        CopyTo(hash);
        Convert.TryToHexStringLower(hash, text, out _);
    }

    /// <summary>As people and restic write it.</summary>
    public string Short => ToString()[..8];
}
