using System.Buffers.Binary;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Storage.Overlays.Format;

/// <summary>What an overlay file holds: new contents for a device, or the old ones that a commit replaced.</summary>
public enum OverlayPurpose
{
    Changes = 1,
    Undo = 2,
}

/// <summary>
/// The first 8 KiB of an overlay file (docs/design/overlay.md), little-endian:
/// 0x00 magic, 16 bytes · 0x10 u32 version · 0x14 u32 checksum of these 8 KiB with this field 0 · 0x18 u32 block size ·
/// 0x1C u32 purpose · 0x20 identity of this file, 16 bytes · 0x30 identity of the overlay that this one undoes, 16 bytes ·
/// 0x40 u64 length of the source · 0x48 u64 length of the covered layer · 0x50 u16 number of samples · 0x52 u16 bytes of the
/// source's path · 0x54 u16 of the layer's steps · 0x56 u16 of the format · 0x60 samples, 16 bytes each (u64 block, u32
/// checksum, u32 1 where it could not be read) · then the three texts, UTF-8.
/// </summary>
public sealed record OverlayHeader
{
    public const int Size = 8192, Version = 1, BlockSize = 4096;

    private const int FixedSize = 0x60, SampleSize = 16, MostSamples = 128;

    private static ReadOnlySpan<byte> Magic => "JUMPBAG-OVERLAY\n"u8;

    public required OverlayPurpose Purpose { get; init; }

    public required Guid Id { get; init; }

    /// <summary>Of an undo file: the overlay whose commit it takes back.</summary>
    public Guid Undoes { get; init; }

    /// <summary>In bytes: of the image or device that the layer is in.</summary>
    public required long SourceLength { get; init; }

    /// <summary>In bytes: of the layer whose blocks this file replaces.</summary>
    public required long LayerLength { get; init; }

    /// <summary>Where the source was, as a full path. It may have moved since.</summary>
    public required string SourcePath { get; init; }

    /// <summary>What a locator has behind the source: "@1", "@vg_demo/root"; "" for the whole source.</summary>
    public required string Layer { get; init; }

    /// <summary>blkid's word for the filesystem; "" where nothing told.</summary>
    public required string Format { get; init; }

    public required IReadOnlyList<BlockSample> Samples { get; init; }

    /// <exception cref="FailedException">The path of the source is too long to be kept.</exception>
    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        Magic.CopyTo(bytes);
        Put32(bytes, 0x10, Version);
        Put32(bytes, 0x18, BlockSize);
        Put32(bytes, 0x1C, (uint)Purpose);
        Id.TryWriteBytes(bytes.AsSpan(0x20));
        Undoes.TryWriteBytes(bytes.AsSpan(0x30));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(0x40), SourceLength);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(0x48), LayerLength);
        Put16(bytes, 0x50, Samples.Count);
        int at = FixedSize;
        foreach (BlockSample sample in Samples)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), sample.Block);
            Put32(bytes, at + 8, sample.Checksum);
            Put32(bytes, at + 12, sample.IsUnreadable ? 1u : 0);
            at += SampleSize;
        }
        int field = 0x52;
        foreach (ByteString text in new[] { ByteString.FromArgument(SourcePath), ByteString.FromText(Layer), ByteString.FromText(Format) })
        {
            if (text.Length > Size - at)
                throw new FailedException($"{ByteString.FromArgument(SourcePath)}: the path is too long for an overlay");
            Put16(bytes, field, text.Length);
            text.Span.CopyTo(bytes.AsSpan(at));
            at += text.Length;
            field += 2;
        }
        Put32(bytes, 0x14, Checksum(bytes));
        return bytes;
    }

    /// <param name="bytes">The first 8 KiB of the file, or all that it has.</param>
    /// <param name="name">Of the file, for messages.</param>
    /// <exception cref="UnsupportedException">It is no overlay, a later version, or damaged: nothing of it may be used.</exception>
    public static OverlayHeader Parse(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length < Magic.Length || !bytes.StartsWith(Magic))
            throw new UnsupportedException($"{name}: is not an overlay of jumpbag", "'jumpbag fsck' makes one and says where");
        uint version = bytes.Length < Size ? Version : Get32(bytes, 0x10);
        if (version != Version)
            throw new UnsupportedException($"{name}: is an overlay of version {version}, and this jumpbag knows version {Version}", "use the jumpbag that made it, or a later one");
        if (bytes.Length < Size || Get32(bytes, 0x14) != Checksum(bytes[..Size].ToArray()) || Get32(bytes, 0x18) != BlockSize)
            throw Damaged(name, "its header");
        int samples = Get16(bytes, 0x50), at = FixedSize + (samples * SampleSize);
        if (samples > MostSamples || at + Get16(bytes, 0x52) + Get16(bytes, 0x54) + Get16(bytes, 0x56) > Size
            || Get32(bytes, 0x1C) is not ((uint)OverlayPurpose.Changes or (uint)OverlayPurpose.Undo))
            throw Damaged(name, "its header");
        var read = new BlockSample[samples];
        for (int i = 0; i < samples; i++)
        {
            ReadOnlySpan<byte> sample = bytes.Slice(FixedSize + (i * SampleSize), SampleSize);
            read[i] = new(BinaryPrimitives.ReadInt64LittleEndian(sample), Get32(sample, 8), Get32(sample, 12) == 1);
        }
        ReadOnlySpan<byte> path = bytes.Slice(at, Get16(bytes, 0x52));
        ReadOnlySpan<byte> layer = bytes.Slice(at + path.Length, Get16(bytes, 0x54));
        return new()
        {
            Purpose = (OverlayPurpose)Get32(bytes, 0x1C),
            Id = new(bytes.Slice(0x20, 16)),
            Undoes = new(bytes.Slice(0x30, 16)),
            SourceLength = BinaryPrimitives.ReadInt64LittleEndian(bytes[0x40..]),
            LayerLength = BinaryPrimitives.ReadInt64LittleEndian(bytes[0x48..]),
            SourcePath = new ByteString(path).ToArgument(),
            Layer = Encoding.UTF8.GetString(layer),
            Format = Encoding.UTF8.GetString(bytes.Slice(at + path.Length + layer.Length, Get16(bytes, 0x56))),
            Samples = read,
        };
    }

    internal static UnsupportedException Damaged(string name, string what) =>
        new($"{name}: is damaged: {what} fails its checksum", "delete it and run 'jumpbag fsck' again: the image itself was never changed by it");

    private static uint Checksum(byte[] header)
    {
        byte[] copy = [.. header];
        Put32(copy, 0x14, 0);
        return Checksums.Crc32C(~0u, copy);
    }

    private static void Put16(Span<byte> bytes, int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[at..], checked((ushort)value));

    private static void Put32(Span<byte> bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], value);

    private static int Get16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint Get32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}

/// <summary>One block of the covered layer as it was when the overlay was made: by some of them the right image is known again.</summary>
public readonly record struct BlockSample(long Block, uint Checksum, bool IsUnreadable);
