using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.FileSystems.Ext.Journal.Format;

/// <summary>
/// Ends a transaction: without it, nothing of the transaction counts.
/// https://www.kernel.org/doc/html/latest/filesystems/ext4/journal.html#commit-block
/// <code>
/// 0x00  header
/// 0x0C  h_chksum_type   1 = crc32 (version 1 checksums)
/// 0x0D  h_chksum_size   4
/// 0x10  h_chksum[8]     [0]: version 1: crc32 of the transaction's blocks; version 2 and 3: crc32c of this block, this as zero
/// 0x30  h_commit_sec    64 bits
/// 0x38  h_commit_nsec
/// </code>
/// </summary>
internal readonly record struct CommitBlock(byte ChecksumType, byte ChecksumSize, uint Checksum, ulong Seconds)
{
    /// <summary>As the kernel's compiler lays it out, with 4 bytes of padding at the end.</summary>
    private const int Size = 64;

    public static CommitBlock Parse(ReadOnlySpan<byte> block)
    {
        byte h_chksum_type = block[0x0C], h_chksum_size = block[0x0D];
        uint h_chksum = BinaryPrimitives.ReadUInt32BigEndian(block[0x10..]);
        ulong h_commit_sec = BinaryPrimitives.ReadUInt64BigEndian(block[0x30..]);
        return new(h_chksum_type, h_chksum_size, h_chksum, h_commit_sec);
    }

    /// <summary>Version 1: <paramref name="sum"/> is over all descriptors and copied blocks of the transaction.</summary>
    public bool VerifyTransaction(uint sum) =>
        (Checksum == sum && ChecksumType == 1 && ChecksumSize == 4) || (Checksum == 0 && ChecksumType == 0 && ChecksumSize == 0);

    /// <summary>
    /// Version 2 and 3. A commit block of which only the first sector reached the disk counts too: jbd2 takes it as
    /// complete when the sum fits with zeros behind the structure.
    /// </summary>
    public bool Verify(ReadOnlySpan<byte> block, JournalSuperblock journal)
    {
        if (!journal.HasBlockChecksums)
            return true;
        uint head = Checksums.Crc32C(journal.ChecksumSeed, block[..0x10]);
        head = Checksums.Crc32C(head, stackalloc byte[4]);
        if (Checksums.Crc32C(head, block[0x14..]) == Checksum)
            return true;
        var partial = new byte[block.Length - 0x14];
        block[0x14..Size].CopyTo(partial);
        return Checksums.Crc32C(head, partial) == Checksum;
    }
}
