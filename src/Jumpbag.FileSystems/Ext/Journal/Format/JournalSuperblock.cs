using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.FileSystems.Ext.Journal.Format;

/// <summary>What jbd2 must know to read a journal; a journal that needs anything else is refused.</summary>
[Flags]
public enum JournalFeatures : uint
{
    None = 0,
    Revoke = 0x01,
    Bits64 = 0x02,
    AsyncCommit = 0x04,
    ChecksumV2 = 0x08,
    ChecksumV3 = 0x10,
    FastCommit = 0x20,
    Known = Revoke | Bits64 | AsyncCommit | ChecksumV2 | ChecksumV3 | FastCommit,
}

/// <summary>
/// Block 0 of a journal. All fields of jbd2 are big-endian.
/// https://www.kernel.org/doc/html/latest/filesystems/ext4/journal.html#super-block
/// <code>
/// 0x00  h_magic           0xC03B3998
/// 0x04  h_blocktype       3 = version 1, 4 = version 2; version 1 ends before s_feature_compat
/// 0x0C  s_blocksize       bytes
/// 0x10  s_maxlen          blocks of the journal, the fast-commit area included
/// 0x14  s_first           first block of the log
/// 0x18  s_sequence        transaction that is expected first in the log
/// 0x1C  s_start           block where the log begins; 0: nothing to recover
/// 0x20  s_errno           error that the filesystem met
/// 0x24  s_feature_compat  1 = the commit block holds a checksum of its transaction (version 1 checksums)
/// 0x28  s_feature_incompat
/// 0x2C  s_feature_ro_compat
/// 0x30  s_uuid[16]
/// 0x40  s_nr_users
/// 0x50  s_checksum_type   4 = crc32c
/// 0x54  s_num_fc_blks     blocks of the fast-commit area at the end; 0 = 256
/// 0x58  s_head
/// 0xFC  s_checksum        crc32c of these 1024 bytes with this field as zero
/// </code>
/// </summary>
public sealed class JournalSuperblock
{
    public const int Size = 1024;
    public const uint Magic = 0xC03B3998;
    private const uint DefaultFastCommitBlocks = 256;

    private JournalSuperblock()
    {
    }

    public required int BlockSize { get; init; }

    public required uint MaxLength { get; init; }

    public required uint First { get; init; }

    public required uint Sequence { get; init; }

    /// <summary>0 where there is nothing to recover.</summary>
    public required uint Start { get; init; }

    public required int ErrorNumber { get; init; }

    public required bool TransactionChecksums { get; init; }

    public required JournalFeatures Features { get; init; }

    public required Guid Uuid { get; init; }

    public required uint Users { get; init; }

    /// <summary>Of the area behind the log; 0 without the feature.</summary>
    public required uint FastCommitBlocks { get; init; }

    /// <summary>The start value of every checksum of version 2 and 3 in this journal.</summary>
    public required uint ChecksumSeed { get; init; }

    public bool HasBlockChecksums => (Features & (JournalFeatures.ChecksumV2 | JournalFeatures.ChecksumV3)) != 0;

    public bool Has(JournalFeatures feature) => (Features & feature) != 0;

    /// <exception cref="CorruptException">It contradicts the specification, or its checksum does not fit.</exception>
    /// <exception cref="UnsupportedException">It needs a feature that is not known.</exception>
    public static JournalSuperblock Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
            throw new CorruptException($"the journal is {bytes.Length} bytes long, too short for its superblock");
        uint h_magic = Be32(bytes, 0x00), h_blocktype = Be32(bytes, 0x04);
        if (h_magic != Magic)
            throw new CorruptException($"the journal's superblock has the magic number {h_magic:x8} instead of {Magic:x8}");
        if (h_blocktype is not (3 or 4))
            throw new CorruptException($"the journal's superblock has the block type {h_blocktype} instead of 3 or 4");
        uint s_blocksize = Be32(bytes, 0x0C), s_maxlen = Be32(bytes, 0x10), s_first = Be32(bytes, 0x14);
        uint s_feature_compat = 0, s_feature_incompat = 0, s_feature_ro_compat = 0;
        if (h_blocktype == 4)
        {
            s_feature_compat = Be32(bytes, 0x24);
            s_feature_incompat = Be32(bytes, 0x28);
            s_feature_ro_compat = Be32(bytes, 0x2C);
        }
        if ((s_feature_incompat & ~(uint)JournalFeatures.Known) != 0 || s_feature_ro_compat != 0)
            throw new UnsupportedException(
                $"the journal needs unknown features (incompat {s_feature_incompat:x}, ro_compat {s_feature_ro_compat:x})");
        var features = (JournalFeatures)s_feature_incompat;
        bool v1 = (s_feature_compat & 1) != 0;
        bool v2 = (features & JournalFeatures.ChecksumV2) != 0, v3 = (features & JournalFeatures.ChecksumV3) != 0;
        if ((v1 ? 1 : 0) + (v2 ? 1 : 0) + (v3 ? 1 : 0) > 1)
            throw new CorruptException("the journal claims checksums of more than one version");
        if (v2 || v3)
            VerifyChecksum(bytes);

        uint s_num_fc_blks = Be32(bytes, 0x54);
        uint fastCommitBlocks = (features & JournalFeatures.FastCommit) == 0 ? 0
            : s_num_fc_blks == 0 ? DefaultFastCommitBlocks : s_num_fc_blks;
        if (s_first == 0 || s_maxlen <= fastCommitBlocks || s_first >= s_maxlen - fastCommitBlocks)
            throw new CorruptException(
                $"the journal's log begins at block {s_first} of {s_maxlen}, with {fastCommitBlocks} for fast commits: nothing is left");

        ReadOnlySpan<byte> s_uuid = bytes.Slice(0x30, 16);
        return new()
        {
            BlockSize = checked((int)Math.Min(s_blocksize, int.MaxValue)),
            MaxLength = s_maxlen,
            First = s_first,
            Sequence = Be32(bytes, 0x18),
            Start = Be32(bytes, 0x1C),
            ErrorNumber = (int)Be32(bytes, 0x20),
            TransactionChecksums = v1,
            Features = features,
            Uuid = new Guid(s_uuid, bigEndian: true),
            Users = Be32(bytes, 0x40),
            FastCommitBlocks = fastCommitBlocks,
            ChecksumSeed = Checksums.Crc32C(~0u, s_uuid),
        };
    }

    private static void VerifyChecksum(ReadOnlySpan<byte> bytes)
    {
        byte s_checksum_type = bytes[0x50];
        if (s_checksum_type != 4)
            throw new UnsupportedException($"the journal's checksums are of the unknown type {s_checksum_type}");
        uint s_checksum = Be32(bytes, 0xFC);
        uint sum = Checksums.Crc32C(~0u, bytes[..0xFC]);
        sum = Checksums.Crc32C(sum, stackalloc byte[4]);
        sum = Checksums.Crc32C(sum, bytes[0x100..Size]);
        if (sum != s_checksum)
            throw new CorruptException($"the journal's superblock has the checksum {s_checksum:x8}, expected {sum:x8}");
    }

    private static uint Be32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
}
