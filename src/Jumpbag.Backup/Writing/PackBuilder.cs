using System.Buffers.Binary;
using Jumpbag.Backup.Repository;

namespace Jumpbag.Backup.Writing;

/// <summary>A blob in a pack that is being made.</summary>
/// <param name="Length">In the pack, sealed.</param>
/// <param name="Uncompressed">Of the content where it is compressed, else 0.</param>
internal readonly record struct PackedBlob(BlobType Type, StorageId Id, uint Offset, uint Length, uint Uncompressed);

/// <summary>A pack in memory: sealed blobs one after another, then the sealed list of them, then how long that is.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Pack Format"</remarks>
internal sealed class PackBuilder(byte[] buffer)
{
    /// <summary>restic's default.</summary>
    public const int Target = 16 << 20;

    /// <summary>restic refuses a header of 16 MiB; this is far from it.</summary>
    private const int MostBlobs = 65_000;

    private const int PlainEntry = 1 + 4 + StorageId.Size, CompressedEntry = PlainEntry + 4, LengthSize = 4;

    private readonly List<PackedBlob> blobs = [];
    private int length;

    public IReadOnlyList<PackedBlob> Blobs => blobs;

    public byte[] Buffer => buffer;

    public bool IsFull => length >= Target || blobs.Count >= MostBlobs;

    /// <summary>Whether a sealed blob finds room, and after it the list.</summary>
    public bool HasRoom(int blob) => length + blob + HeaderSize(blobs.Count + 1) <= buffer.Length;

    /// <summary>What a buffer must have for one sealed blob alone.</summary>
    public static int SizeFor(int blob) => blob + HeaderSize(1);

    public void Add(BlobType type, StorageId id, ReadOnlySpan<byte> hidden, uint uncompressed)
    {
        hidden.CopyTo(buffer.AsSpan(length));
        blobs.Add(new(type, id, (uint)length, (uint)hidden.Length, uncompressed));
        length += hidden.Length;
    }

    /// <summary>Adds the list; the pack's bytes.</summary>
    public ReadOnlyMemory<byte> Finish(RepositoryCipher cipher)
    {
        var header = new byte[blobs.Count * CompressedEntry];
        int at = 0;
        foreach (PackedBlob blob in blobs)
        {
            bool isCompressed = blob.Uncompressed > 0;
            header[at] = (byte)((blob.Type == BlobType.Tree ? 1 : 0) | (isCompressed ? 2 : 0));
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(at + 1), blob.Length);
            if (isCompressed)
                BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(at + 5), blob.Uncompressed);
            at += isCompressed ? CompressedEntry : PlainEntry;
            blob.Id.CopyTo(header.AsSpan(at - StorageId.Size));
        }
        int size = at + RepositoryCipher.Overhead;
        cipher.Seal(header.AsSpan(0, at), buffer.AsSpan(length, size));
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(length + size), (uint)size);
        length += size + LengthSize;
        return buffer.AsMemory(0, length);
    }

    private static int HeaderSize(int blobs) => blobs * CompressedEntry + RepositoryCipher.Overhead + LengthSize;
}
