using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.FileSystems.Ext.Journal.Format;

/// <summary>Says of one of the blocks that follow a descriptor where it belongs in the filesystem.</summary>
internal readonly record struct BlockTag(ulong Block, bool Escaped, uint Checksum);

/// <summary>
/// A descriptor block: tags for the copies of filesystem blocks that follow it.
/// https://www.kernel.org/doc/html/latest/filesystems/ext4/journal.html#descriptor-block
/// <code>
/// 0x00  header
/// 0x0C  tags, each followed by s_uuid[16] unless the flag SAME_UUID is set
///       without CSUM_V3:                          with CSUM_V3:
///       0x0  t_blocknr                            0x0  t_blocknr
///       0x4  t_checksum (16 bits)                 0x4  t_flags (32 bits)
///       0x6  t_flags (16 bits)                    0x8  t_blocknr_high
///       0x8  t_blocknr_high (64BIT only)          0xC  t_checksum (32 bits)
///       (2 bytes more with CSUM_V2)
/// -4    t_checksum of the whole block (CSUM_V2, CSUM_V3)
/// </code>
/// </summary>
internal static class DescriptorBlock
{
    private const int FlagEscape = 1, FlagSameUuid = 2, FlagLastTag = 8;

    /// <summary>Appends the tags in their order to <paramref name="tags"/>.</summary>
    public static void ReadTags(ReadOnlySpan<byte> block, JournalSuperblock journal, List<BlockTag> tags)
    {
        bool v3 = journal.Has(JournalFeatures.ChecksumV3), wide = journal.Has(JournalFeatures.Bits64);
        int size = v3 ? 16 : 8 + (wide ? 4 : 0) + (journal.Has(JournalFeatures.ChecksumV2) ? 2 : 0);
        int end = block.Length - (journal.HasBlockChecksums ? BlockTail.Size : 0);
        int at = JournalHeader.Size;
        while (at + size <= end)
        {
            ReadOnlySpan<byte> tag = block[at..];
            ulong t_blocknr = BinaryPrimitives.ReadUInt32BigEndian(tag);
            if (wide)
                t_blocknr |= (ulong)BinaryPrimitives.ReadUInt32BigEndian(tag[0x8..]) << 32;
            // With CSUM_V3 the flags are 32 bits wide at 0x4: their lower half stands at 0x6 too.
            int t_flags = BinaryPrimitives.ReadUInt16BigEndian(tag[0x6..]);
            uint t_checksum = v3
                ? BinaryPrimitives.ReadUInt32BigEndian(tag[0xC..])
                : BinaryPrimitives.ReadUInt16BigEndian(tag[0x4..]);
            tags.Add(new(t_blocknr, (t_flags & FlagEscape) != 0, t_checksum));
            if ((t_flags & FlagLastTag) != 0)
                return;
            at += size + ((t_flags & FlagSameUuid) != 0 ? 0 : 16);
        }
    }

    /// <summary>Whether a copied block is what its tag was made for. Always true without checksums in the tags.</summary>
    public static bool Verify(ReadOnlySpan<byte> copied, uint checksum, uint sequence, JournalSuperblock journal)
    {
        if (!journal.HasBlockChecksums)
            return true;
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, sequence);
        uint sum = Checksums.Crc32C(Checksums.Crc32C(journal.ChecksumSeed, number), copied);
        return journal.Has(JournalFeatures.ChecksumV3) ? sum == checksum : (ushort)sum == checksum;
    }
}
