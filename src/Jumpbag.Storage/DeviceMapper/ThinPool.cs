using System.Buffers.Binary;
using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Storage.DeviceMapper;

/// <summary>
/// A dm-thin pool: the metadata says for each of its devices where the device's blocks lie on the data device.
/// Specification: the kernel's drivers/md/dm-thin-metadata.c.
/// </summary>
public sealed class ThinPool
{
    private readonly BtreeBlocks blocks;

    private ThinPool(BlockDevice metadata, BlockDevice data, ThinSuperblock superblock)
    {
        Data = data;
        Superblock = superblock;
        blocks = new(metadata);
    }

    public BlockDevice Data { get; }

    public ThinSuperblock Superblock { get; }

    /// <summary>In bytes.</summary>
    public long BlockSize => Superblock.DataBlockSize;

    /// <summary>Bytes of data in use, and all of them.</summary>
    public (long Used, long Total) DataUsage => (Bytes(Superblock.DataBlocksUsed, BlockSize), Bytes(Superblock.DataBlocks, BlockSize));

    /// <summary>
    /// Bytes of metadata in use, and all of them. The kernel sets a tenth aside (16 MiB at most), for the pool's last changes,
    /// and counts it as used.
    /// </summary>
    public (long Used, long Total) MetadataUsage
    {
        get
        {
            long reserve = Math.Clamp(Superblock.MetadataBlocks / 10, 0, 4096);
            return (Bytes(Superblock.MetadataBlocksUsed + reserve, BtreeNode.BlockSize), Bytes(Superblock.MetadataBlocks, BtreeNode.BlockSize));
        }
    }

    /// <exception cref="CorruptException">The superblock cannot be read, or makes no sense.</exception>
    /// <exception cref="UnsupportedException">The pool has features that we do not know.</exception>
    public static ThinPool Open(BlockDevice metadata, BlockDevice data)
    {
        var block = new byte[BtreeNode.BlockSize];
        try
        {
            metadata.Read(0, block);
        }
        catch (UnreadableException e)
        {
            throw new CorruptException($"the pool's superblock cannot be read: {e.Reason}");
        }
        return new(metadata, data, ThinSuperblock.Parse(block));
    }

    /// <summary>A device of the pool.</summary>
    /// <param name="device">The number that the pool knows it by.</param>
    /// <param name="length">In bytes; the pool itself does not know it.</param>
    /// <param name="externalOrigin">What shows where nothing is mapped, as far as it reaches; null where that is zeros.</param>
    /// <exception cref="CorruptException">There is no such device, or what leads to it is damaged.</exception>
    public ThinDevice OpenDevice(long device, long length, BlockDevice? externalOrigin)
    {
        long root = BinaryPrimitives.ReadInt64LittleEndian(Lookup(Superblock.MappingRoot, 8, device, "the map of the pool's devices"));
        return new(this, new Btree(blocks, root, 8, string.Create(CultureInfo.InvariantCulture, $"the map of thin device {device}")), length, externalOrigin);
    }

    /// <summary>How many bytes the pool has mapped for a device.</summary>
    /// <exception cref="CorruptException">There is no such device, or what leads to it is damaged.</exception>
    public long MappedBytes(long device) =>
        // device_details: mapped_blocks 8, transaction_id 8, creation_time 4, snapshotted_time 4.
        Bytes(BinaryPrimitives.ReadInt64LittleEndian(Lookup(Superblock.DetailsRoot, 24, device, "the details of the pool's devices")), BlockSize);

    private ReadOnlySpan<byte> Lookup(long root, int valueSize, long device, string name)
    {
        BtreePosition found = new Btree(blocks, root, valueSize, name).Find(device);
        return found.Damage is { } damage ? throw new CorruptException(damage)
            : found.Leaf is { } leaf ? leaf.Value(found.Index)
            : throw new CorruptException($"the pool has no device {device}");
    }

    private static long Bytes(long blocks, long size) => Math.Clamp(blocks, 0, long.MaxValue / size) * size;
}
