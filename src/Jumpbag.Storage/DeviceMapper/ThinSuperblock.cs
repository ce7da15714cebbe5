using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Storage.DeviceMapper;

/// <summary>
/// The first block of a thin pool's metadata.
/// Specification: the kernel's drivers/md/dm-thin-metadata.c, <c>struct thin_disk_superblock</c>; the space maps' roots in
/// drivers/md/persistent-data/dm-space-map-common.h, <c>struct disk_sm_root</c>.
/// </summary>
/// <remarks><code>
/// offset size
///      0    4  csum                    of the rest of the block
///      4    4  flags                   bit 0: needs_check
///      8    8  blocknr                 0
///     16   16  uuid                    zeros
///     32    8  magic                   27022010
///     40    4  version                 2
///     44    4  time                    raised by each snapshot
///     48    8  trans_id                raised by LVM with each change to the set of volumes
///     56    8  held_root               a metadata snapshot for user space, or 0
///     64  128  data_space_map_root     nr_blocks 8, nr_allocated 8, …
///    192  128  metadata_space_map_root likewise
///    320    8  data_mapping_root       B+tree: device -> B+tree: block -> (data block, time)
///    328    8  device_details_root     B+tree: device -> device_details
///    336    4  data_block_size         in sectors of 512 bytes
///    340    4  metadata_block_size     in sectors: 8
///    344    8  metadata_nr_blocks      when it was made
///    352    4  compat_flags
///    356    4  compat_ro_flags         matter to writers only
///    360    4  incompat_flags          none is known
/// </code></remarks>
public sealed record ThinSuperblock(
    bool NeedsCheck, long TransactionId, long HeldRoot, long DataBlocks, long DataBlocksUsed, long MetadataBlocks, long MetadataBlocksUsed,
    long MappingRoot, long DetailsRoot, long DataBlockSize)
{
    private const ulong Magic = 27022010;

    private const uint ChecksumSalt = 160774;

    /// <param name="block">The first block of the metadata device.</param>
    /// <exception cref="CorruptException">Checksum, magic or place is wrong, or the size of the data blocks cannot be.</exception>
    /// <exception cref="UnsupportedException">It has a feature that we do not know.</exception>
    public static ThinSuperblock Parse(ReadOnlySpan<byte> block)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(block[32..]) != Magic)
            throw new CorruptException("the pool's metadata has no superblock: another magic number stands there");
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(block), computed = BtreeNode.Checksum(block, ChecksumSalt);
        if (checksum != computed)
            throw new CorruptException($"the checksum of the pool's superblock is 0x{checksum:x8} and should be 0x{computed:x8}");
        if (BinaryPrimitives.ReadUInt64LittleEndian(block[8..]) != 0)
            throw new CorruptException($"the pool's superblock says that it is block {BinaryPrimitives.ReadUInt64LittleEndian(block[8..])}");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(block[40..]), incompatible = BinaryPrimitives.ReadUInt32LittleEndian(block[360..]);
        if (version > 2 || incompatible != 0)
            throw new UnsupportedException($"the pool's metadata is of version {version} with the incompatible features 0x{incompatible:x}; version 2 without any is supported");
        uint metadataSectors = BinaryPrimitives.ReadUInt32LittleEndian(block[340..]);
        if (metadataSectors != BtreeNode.BlockSize / 512)
            throw new UnsupportedException($"the pool's metadata has blocks of {metadataSectors} sectors; the kernel knows {BtreeNode.BlockSize / 512} only");
        uint dataSectors = BinaryPrimitives.ReadUInt32LittleEndian(block[336..]);
        // 64 KiB to 1 GiB in steps of 64 KiB.
        if (dataSectors is 0 or > 1 << 21 || dataSectors % 128 != 0)
            throw new CorruptException($"the pool's superblock claims data blocks of {dataSectors} sectors");
        return new(
            (BinaryPrimitives.ReadUInt32LittleEndian(block[4..]) & 1) != 0,
            BinaryPrimitives.ReadInt64LittleEndian(block[48..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[56..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[64..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[72..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[192..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[200..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[320..]),
            BinaryPrimitives.ReadInt64LittleEndian(block[328..]),
            dataSectors * 512L);
    }
}
