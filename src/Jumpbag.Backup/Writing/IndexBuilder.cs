using System.Buffers;
using System.Text.Json;
using Jumpbag.Backup.Repository;

namespace Jumpbag.Backup.Writing;

/// <summary>Which blobs the packs have that were saved since the last index file.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Indexing"</remarks>
internal sealed class IndexBuilder
{
    private readonly List<(StorageId Pack, IReadOnlyList<PackedBlob> Blobs)> packs = [];

    public int Blobs { get; private set; }

    public bool IsEmpty => packs.Count == 0;

    public void Add(StorageId pack, IReadOnlyList<PackedBlob> blobs)
    {
        packs.Add((pack, blobs));
        Blobs += blobs.Count;
    }

    /// <param name="text">What is in it is thrown away: megabytes, which who makes many of them uses again.</param>
    public ReadOnlySpan<byte> ToJson(ArrayBufferWriter<byte> text)
    {
        text.ResetWrittenCount();
        Span<byte> hex = stackalloc byte[StorageId.TextLength];
        using (var json = new Utf8JsonWriter(text, new() { SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray("packs"u8);
            foreach ((StorageId pack, IReadOnlyList<PackedBlob> blobs) in packs)
            {
                json.WriteStartObject();
                pack.WriteHex(hex);
                json.WriteString("id"u8, hex);
                json.WriteStartArray("blobs"u8);
                foreach (PackedBlob blob in blobs)
                {
                    json.WriteStartObject();
                    blob.Id.WriteHex(hex);
                    json.WriteString("id"u8, hex);
                    json.WriteString("type"u8, blob.Type == BlobType.Tree ? "tree"u8 : "data"u8);
                    json.WriteNumber("offset"u8, blob.Offset);
                    json.WriteNumber("length"u8, blob.Length);
                    if (blob.Uncompressed > 0)
                        json.WriteNumber("uncompressed_length"u8, blob.Uncompressed);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return text.WrittenSpan;
    }
}
