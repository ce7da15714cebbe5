using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.FileSystems.Ext.Journal.Format;

/// <summary>
/// The last bytes of descriptor and revoke blocks where CSUM_V2 or CSUM_V3 is set.
/// https://www.kernel.org/doc/html/latest/filesystems/ext4/journal.html#descriptor-block
/// <code>
/// -4  t_checksum   crc32c of the block with this field as zero
/// </code>
/// </summary>
internal static class BlockTail
{
    public const int Size = 4;

    /// <summary>Always true in a journal without such checksums.</summary>
    public static bool Verify(ReadOnlySpan<byte> block, JournalSuperblock journal)
    {
        if (!journal.HasBlockChecksums)
            return true;
        uint t_checksum = BinaryPrimitives.ReadUInt32BigEndian(block[^Size..]);
        uint sum = Checksums.Crc32C(journal.ChecksumSeed, block[..^Size]);
        return Checksums.Crc32C(sum, stackalloc byte[Size]) == t_checksum;
    }
}
