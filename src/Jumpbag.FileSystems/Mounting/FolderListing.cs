using Jumpbag.Core;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>
/// The entries of a folder, packed, with a table to find them by name: a directory on the disk is read once, in its order,
/// which makes the index of an entry a place that a listing can go on from whatever happens in between.
/// </summary>
internal sealed class FolderListing
{
    private const int NameMost = 255;

    private readonly byte[] names;
    private readonly Item[] items;

    /// <summary>Of each hash the last item with it, and of each item the one before with the same; 0 is none, others are one more.</summary>
    private readonly int[] buckets;

    private FolderListing(byte[] names, Item[] items, Damage? damage)
    {
        this.names = names;
        this.items = items;
        Damage = damage;
        buckets = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)items.Length + 1)];
        // From the last to the first: where a name stands twice, the first is found.
        for (int i = items.Length - 1; i >= 0; i--)
        {
            ref int bucket = ref Bucket(Name(i));
            items[i].Before = bucket;
            bucket = i + 1;
        }
    }

    private struct Item
    {
        public int NameOffset;
        public int Before;
        public ulong Inode;
        public byte NameLength;
        public FileType Type;
    }

    public int Count => items.Length;

    /// <summary>What could not be read, or not be trusted: whoever lists the folder is told an error behind the last entry.</summary>
    public Damage? Damage { get; }

    /// <summary>Memory that it takes.</summary>
    public long Bytes => names.Length + items.Length * 24L + buckets.Length * 4L + 100;

    public ReadOnlySpan<byte> Name(int index) => names.AsSpan(items[index].NameOffset, items[index].NameLength);

    public DirectoryEntry Entry(int index) => new(default, items[index].Inode, items[index].Type);

    /// <summary>The index of the entry with exactly that name, or -1.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        for (int i = Bucket(name) - 1; i >= 0; i = items[i].Before - 1)
            if (Name(i).SequenceEqual(name))
                return i;
        return -1;
    }

    public int FindInode(ulong inode) => Array.FindIndex(items, item => item.Inode == inode);

    /// <summary>Null where it would take more than <paramref name="most"/> bytes.</summary>
    public static FolderListing? Load(IEnumerable<DirectoryEntry> entries, DamageSeen damage, long most)
    {
        var names = new List<byte>();
        var items = new List<Item>();
        try
        {
            foreach (DirectoryEntry entry in entries)
            {
                if (!IsPossible(entry.Name.Span))
                {
                    damage.Sink(new($"directory: the name \"{entry.Name}\" of inode {entry.Inode} cannot be"));
                    continue;
                }
                items.Add(new() { NameOffset = names.Count, NameLength = (byte)entry.Name.Length, Inode = entry.Inode, Type = entry.Type });
                names.AddRange(entry.Name.Span);
                if (names.Count + items.Count * 32L > most)
                    return null;
            }
        }
        catch (JumpbagException e) when (e is not UnsupportedException)
        {
            damage.Sink(new(e.Message));
        }
        return new([.. names], [.. items], damage.First);
    }

    /// <summary>What Linux lets a name be. The readers see to that; the kernel, told another, would give up the whole listing.</summary>
    public static bool IsPossible(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= NameMost && name.IndexOfAny((byte)'/', (byte)0) < 0 && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    private ref int Bucket(ReadOnlySpan<byte> name)
    {
        uint hash = Checksums.Crc32C(~0u, name);
        return ref buckets[hash & (uint)(buckets.Length - 1)];
    }
}
