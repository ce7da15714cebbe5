using Jumpbag.Core;

namespace Jumpbag.Storage.DeviceMapper;

/// <summary>What a search for a key ends in.</summary>
/// <param name="Leaf">The leaf that has the key; null where no leaf has it.</param>
/// <param name="Index">Of the key in the leaf.</param>
/// <param name="End">Of all keys before this one the same is true: they are in this leaf or not in the tree, or in the part that is damaged.</param>
/// <param name="Damage">Why it cannot be told whether the key is there, or null.</param>
internal readonly record struct BtreePosition(BtreeNode? Leaf, int Index, long End, string? Damage);

/// <summary>A B+tree of device-mapper's persistent data library, searched from its root, but for keys in the leaf that was met last; its nodes are cached.</summary>
internal sealed class Btree(BtreeBlocks blocks, long root, int valueSize, string name)
{
    /// <summary>A full tree of 64-bit keys needs fewer levels.</summary>
    private const int MaxDepth = 16;

    /// <summary>Reading mostly goes forwards. One reference, so that several readers need no lock.</summary>
    private LeafRange? last;

    /// <summary>A leaf, and the key before which all keys from its first one on are in it or nowhere.</summary>
    private sealed record LeafRange(BtreeNode Leaf, long End);

    public BtreePosition Find(long key)
    {
        if (Volatile.Read(ref last) is { } range && key < range.End && key >= range.Leaf.Key(0))
            return InLeaf(range, key);
        long low = 0, end = long.MaxValue, number = root;
        for (int depth = 0; depth < MaxDepth; depth++)
        {
            if (!blocks.TryGet(number, out BtreeNode? node, out string? damage))
                return new(null, 0, end, $"{name}: {damage}");
            // Whatever stands there must belong between its neighbours; so no block is visited twice in a walk over all keys, either.
            if ((node.Count == 0 && depth > 0) || (node.Count > 0 && (node.Key(0) < low || node.Key(node.Count - 1) >= end)) || (node.IsLeaf && node.ValueSize != valueSize))
                return new(null, 0, end, $"{name}: block {number} of the pool's metadata does not belong there");
            if (node.IsLeaf)
            {
                var leaf = new LeafRange(node, end);
                if (node.Count > 0)
                    Volatile.Write(ref last, leaf);
                return InLeaf(leaf, key);
            }
            int index = node.Find(key);
            long next = index + 1 < node.Count ? node.Key(index + 1) : end;
            if (index < 0)
                return new(null, 0, next, null);
            low = node.Key(index);
            end = next;
            number = node.Number(index);
        }
        return new(null, 0, end, $"{name}: more than {MaxDepth} levels deep");
    }

    private static BtreePosition InLeaf(LeafRange range, long key)
    {
        BtreeNode leaf = range.Leaf;
        int index = leaf.Find(key);
        long next = index + 1 < leaf.Count ? leaf.Key(index + 1) : range.End;
        return index >= 0 && leaf.Key(index) == key ? new(leaf, index, next, null) : new(null, 0, next, null);
    }
}
