using System.Diagnostics.CodeAnalysis;
using Jumpbag.Core;

namespace Jumpbag.Storage.DeviceMapper;

/// <summary>The nodes on a pool's metadata device, those in use cached.</summary>
internal sealed class BtreeBlocks(BlockDevice device)
{
    /// <summary>
    /// One cache for all pools, so that memory stays bounded (17 MiB) however many there are. Each block has one slot, which
    /// the block that was used last has; a slot is one reference, and needs no lock.
    /// </summary>
    private static readonly Entry?[] Slots = new Entry?[4096];

    private sealed record Entry(BtreeBlocks Owner, long Number, BtreeNode? Node, string? Damage);

    /// <summary>False where the block cannot be read or is no node; <paramref name="damage"/> says why.</summary>
    public bool TryGet(long number, [NotNullWhen(true)] out BtreeNode? node, [NotNullWhen(false)] out string? damage)
    {
        ref Entry? slot = ref Slots[(int)(((ulong)number + (uint)GetHashCode()) % (uint)Slots.Length)];
        Entry? entry = Volatile.Read(ref slot);
        if (entry is null || entry.Number != number || entry.Owner != this)
        {
            entry = Load(number);
            Volatile.Write(ref slot, entry);
        }
        node = entry.Node;
        damage = entry.Damage;
        return node is not null;
    }

    private Entry Load(long number)
    {
        if (number <= 0 || number >= device.Length / BtreeNode.BlockSize)
            return new(this, number, null, $"block {number} of the pool's metadata is none");
        var block = new byte[BtreeNode.BlockSize];
        try
        {
            device.Read(number * BtreeNode.BlockSize, block);
            return new(this, number, BtreeNode.Parse(block, number), null);
        }
        catch (UnreadableException e)
        {
            return new(this, number, null, $"block {number} of the pool's metadata cannot be read: {e.Reason}");
        }
        catch (CorruptException e)
        {
            return new(this, number, null, $"block {number} of the pool's metadata: {e.Message}");
        }
    }
}
