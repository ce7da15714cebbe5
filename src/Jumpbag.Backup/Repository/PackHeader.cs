using System.Buffers.Binary;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;

namespace Jumpbag.Backup.Repository;

/// <summary>What stands at the end of a pack: which blobs it holds. Only of use where no index names the pack.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Pack Format"</remarks>
internal static class PackHeader
{
    private const int LengthSize = 4, PlainEntry = 1 + 4 + StorageId.Size, CompressedEntry = PlainEntry + 4;

    /// <summary>More blobs than any pack holds.</summary>
    private const int MostHeader = 64 << 20;

    public static void AddTo(BlobIndex index, StorageId pack, RepositoryStore store, RepositoryCipher cipher)
    {
        string name = pack.ToString();
        long size = store.Length(FileKind.Pack, name);
        Span<byte> last = stackalloc byte[LengthSize];
        if (size < LengthSize)
            throw new CorruptException($"pack {pack.Short}: has only {size} bytes");
        store.Read(FileKind.Pack, name, size - LengthSize, last);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(last);
        if (length > Math.Min(size - LengthSize, MostHeader))
            throw new CorruptException($"pack {pack.Short}: its header is said to have {length} bytes");
        var hidden = new byte[length];
        store.Read(FileKind.Pack, name, size - LengthSize - length, hidden);
        byte[] header = cipher.TryOpen(hidden) ?? throw new CorruptException($"pack {pack.Short}: its header was altered");
        int number = index.AddUnnamed(pack);
        ReadOnlySpan<byte> rest = header;
        uint offset = 0;
        while (!rest.IsEmpty)
        {
            bool isCompressed = (rest[0] & 2) != 0;
            int entry = isCompressed ? CompressedEntry : PlainEntry;
            if (rest[0] > 3 || rest.Length < entry)
                throw new CorruptException($"pack {pack.Short}: its header cannot be made out");
            uint blob = BinaryPrimitives.ReadUInt32LittleEndian(rest[1..]);
            uint content = isCompressed ? BinaryPrimitives.ReadUInt32LittleEndian(rest[5..]) : 0;
            index.Add((rest[0] & 1) != 0 ? BlobType.Tree : BlobType.Data, new(rest[(entry - StorageId.Size)..]), new(number, offset, blob, content));
            offset = checked(offset + blob);
            rest = rest[entry..];
        }
    }
}
