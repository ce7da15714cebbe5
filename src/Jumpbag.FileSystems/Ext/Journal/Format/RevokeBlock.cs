using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.FileSystems.Ext.Journal.Format;

/// <summary>
/// Filesystem blocks whose copies in this transaction and in earlier ones must not be replayed.
/// https://www.kernel.org/doc/html/latest/filesystems/ext4/journal.html#revocation-block
/// <code>
/// 0x00  header
/// 0x0C  r_count   bytes used, this header included
/// 0x10  block numbers: 32 bits, or 64 where 64BIT is set
/// -4    t_checksum (CSUM_V2, CSUM_V3)
/// </code>
/// </summary>
internal readonly ref struct RevokeBlock
{
    private const int HeaderSize = 16;
    private readonly ReadOnlySpan<byte> records;
    private readonly bool wide;

    private RevokeBlock(ReadOnlySpan<byte> records, bool wide)
    {
        this.records = records;
        this.wide = wide;
    }

    public int Count => records.Length / (wide ? 8 : 4);

    public ulong this[int index] => wide
        ? BinaryPrimitives.ReadUInt64BigEndian(records[(index * 8)..])
        : BinaryPrimitives.ReadUInt32BigEndian(records[(index * 4)..]);

    /// <exception cref="CorruptException">It claims to use more than the block.</exception>
    public static RevokeBlock Parse(ReadOnlySpan<byte> block, JournalSuperblock journal)
    {
        uint r_count = BinaryPrimitives.ReadUInt32BigEndian(block[0x0C..]);
        int room = block.Length - (journal.HasBlockChecksums ? BlockTail.Size : 0);
        if (r_count > room)
            throw new CorruptException($"a revoke block of the journal claims {r_count} bytes of {room}");
        ReadOnlySpan<byte> records = r_count <= HeaderSize ? [] : block[HeaderSize..(int)r_count];
        return new(records, journal.Has(JournalFeatures.Bits64));
    }
}
