using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;

namespace Jumpbag.Backup.Repository;

public enum BlobType
{
    Data,
    Tree,
}

/// <summary>Where a blob lies: a range of a pack, in bytes.</summary>
/// <param name="Uncompressed">Length of the content where it is compressed, else 0.</param>
internal readonly record struct BlobPlace(int Pack, uint Offset, uint Length, uint Uncompressed)
{
    public long ContentLength => Uncompressed > 0 ? Uncompressed : Math.Max(0, (long)Length - RepositoryCipher.Overhead);
}

/// <summary>Which blobs there are, and in which packs. About 100 bytes of memory for each. Packs may be added while other threads look.</summary>
internal sealed class BlobIndex
{
    private readonly Dictionary<StorageId, BlobPlace>[] blobs = [[], []];
    private readonly List<StorageId> packs = [];
    private readonly Lock gate = new();
    private readonly Dictionary<StorageId, int> packNumbers = [];

    /// <summary>Packs that were found without an index: left by a run that broke off, or by one that could not remove them.</summary>
    private readonly HashSet<int> unnamed = [];

    /// <summary>Blobs that are being saved.</summary>
    private readonly HashSet<(BlobType, StorageId)> claimed = [];

    /// <summary>Blobs that lie in several packs: the places beyond the first.</summary>
    private readonly Dictionary<(BlobType, StorageId), List<BlobPlace>> further = [];

    public StorageId Pack(in BlobPlace place)
    {
        lock (gate)
            return packs[place.Pack];
    }

    public bool Knows(StorageId pack)
    {
        lock (gate)
            return packNumbers.ContainsKey(pack);
    }

    /// <summary>Whether an index names the pack. What lies in others alone is as good as lost to all who go by the index.</summary>
    public bool IsNamed(StorageId pack)
    {
        lock (gate)
            return packNumbers.TryGetValue(pack, out int number) && !unnamed.Contains(number);
    }

    public bool HasUnnamed
    {
        get
        {
            lock (gate)
                return unnamed.Count > 0;
        }
    }

    public bool TryFind(BlobType type, StorageId blob, [NotNullWhen(true)] out BlobPlace? place)
    {
        lock (gate)
        {
            bool found = blobs[(int)type].TryGetValue(blob, out BlobPlace first);
            place = found ? first : null;
            return found;
        }
    }

    /// <summary>
    /// Whether no index names the blob yet and nobody else is about to save it: then who asks does, and <see cref="Add(StorageId, IReadOnlyList{PackedBlob})"/>
    /// tells of it.
    /// </summary>
    public bool TryClaim(BlobType type, StorageId blob)
    {
        lock (gate)
            return !ContainsNamed(type, blob) && claimed.Add((type, blob));
    }

    /// <summary>Whether an index names the blob.</summary>
    public bool Contains(BlobType type, StorageId blob)
    {
        lock (gate)
            return ContainsNamed(type, blob);
    }

    private bool ContainsNamed(BlobType type, StorageId blob) => blobs[(int)type].TryGetValue(blob, out BlobPlace first)
        && (!unnamed.Contains(first.Pack) || (further.TryGetValue((type, blob), out List<BlobPlace>? others) && others.Exists(place => !unnamed.Contains(place.Pack))));

    /// <summary>A pack that was saved.</summary>
    public void Add(StorageId pack, IReadOnlyList<PackedBlob> content)
    {
        lock (gate)
        {
            int number = AddPack(pack);
            foreach (PackedBlob blob in content)
            {
                Add(blob.Type, blob.Id, new(number, blob.Offset, blob.Length, blob.Uncompressed));
                claimed.Remove((blob.Type, blob.Id));
            }
        }
    }

    /// <summary>All places of a blob, the first one first.</summary>
    public BlobPlace[] Places(BlobType type, StorageId blob)
    {
        lock (gate)
            return !blobs[(int)type].TryGetValue(blob, out BlobPlace first) ? []
                : further.TryGetValue((type, blob), out List<BlobPlace>? others) ? [first, .. others] : [first];
    }

    /// <summary>All blobs by the packs that they lie in; also those that lie in several.</summary>
    public Dictionary<StorageId, List<PackedBlob>> ByPack()
    {
        lock (gate)
        {
            var found = packs.ToDictionary(pack => pack, _ => new List<PackedBlob>());
            foreach (BlobType type in new[] { BlobType.Data, BlobType.Tree })
                foreach ((StorageId id, BlobPlace place) in blobs[(int)type])
                    found[packs[place.Pack]].Add(new(type, id, place.Offset, place.Length, place.Uncompressed));
            foreach (((BlobType type, StorageId id), List<BlobPlace> places) in further)
                foreach (BlobPlace place in places)
                    found[packs[place.Pack]].Add(new(type, id, place.Offset, place.Length, place.Uncompressed));
            return found;
        }
    }

    /// <summary>Of a pack that no index names: its number.</summary>
    public int AddUnnamed(StorageId pack)
    {
        lock (gate)
        {
            int number = AddPack(pack);
            unnamed.Add(number);
            return number;
        }
    }

    public int AddPack(StorageId pack)
    {
        lock (gate)
        {
            ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(packNumbers, pack, out bool exists);
            if (!exists)
            {
                number = packs.Count;
                packs.Add(pack);
            }
            return number;
        }
    }

    public void Add(BlobType type, StorageId blob, BlobPlace place)
    {
        lock (gate)
        {
            if (blobs[(int)type].TryAdd(blob, place) || blobs[(int)type][blob] == place)
                return;
            if (!further.TryGetValue((type, blob), out List<BlobPlace>? others))
                further.Add((type, blob), others = []);
            if (!others.Contains(place))
                others.Add(place);
        }
    }

    /// <summary>Takes in what one file of the folder "index" says.</summary>
    /// <exception cref="CorruptException">It cannot be made out.</exception>
    public void Add(ReadOnlySpan<byte> json, string name)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isPacks = reader.ValueTextEquals("packs"u8);
                reader.Read();
                if (isPacks && reader.TokenType == JsonTokenType.StartArray)
                    while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                        ReadPack(ref reader);
                else
                    reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new CorruptException($"index {name}: {e.Message}");
        }
    }

    private void ReadPack(ref Utf8JsonReader reader)
    {
        int pack = -1;
        // The blobs may stand before the pack's own name.
        var found = new List<(BlobType Type, StorageId Id, uint Offset, uint Length, uint Uncompressed)>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = reader.ValueTextEquals("id"u8), isBlobs = reader.ValueTextEquals("blobs"u8);
            reader.Read();
            if (isId)
                pack = AddPack(Id(ref reader));
            else if (isBlobs && reader.TokenType == JsonTokenType.StartArray)
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                    found.Add(ReadBlob(ref reader));
            else
                reader.Skip();
        }
        if (pack < 0)
            throw new FormatException("a pack without a name");
        foreach ((BlobType type, StorageId id, uint offset, uint length, uint uncompressed) in found)
            Add(type, id, new(pack, offset, length, uncompressed));
    }

    private static (BlobType Type, StorageId Id, uint Offset, uint Length, uint Uncompressed) ReadBlob(ref Utf8JsonReader reader)
    {
        StorageId? id = null;
        BlobType? type = null;
        uint offset = 0, length = 0, uncompressed = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8) && reader.Read())
                id = Id(ref reader);
            else if (reader.ValueTextEquals("type"u8) && reader.Read())
                type = reader.ValueTextEquals("data"u8) ? BlobType.Data : reader.ValueTextEquals("tree"u8) ? BlobType.Tree : throw new FormatException($"a blob of the type {reader.GetString()}");
            else if (reader.ValueTextEquals("offset"u8) && reader.Read())
                offset = reader.GetUInt32();
            else if (reader.ValueTextEquals("length"u8) && reader.Read())
                length = reader.GetUInt32();
            else if (reader.ValueTextEquals("uncompressed_length"u8) && reader.Read())
                uncompressed = reader.GetUInt32();
            else
                reader.Skip();
        }
        return id is { } known && type is { } of ? (of, known, offset, length, uncompressed) : throw new FormatException("a blob without a name or type");
    }

    private static StorageId Id(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && StorageId.TryParse(reader.HasValueSequence ? default : reader.ValueSpan, out StorageId id) ? id : throw new FormatException("a name that is no SHA-256 hash");
}
