using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Journal.Format;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>A copy of a filesystem block in the log: the block it belongs to, where it stands, and in which transaction.</summary>
internal readonly record struct LoggedBlock(ulong Block, uint Position, uint Sequence, uint Checksum, bool Escaped);

/// <summary>
/// The first of jbd2's passes: walks the log from its beginning, transaction by transaction, to the first block that is not
/// the expected one, and decides as <c>do_one_pass</c> does which transactions are complete. What the later passes of the
/// kernel need (copied blocks, revoke blocks) is noted on the way.
/// </summary>
internal sealed class LogScan
{
    /// <summary>
    /// At some 100 bytes each until they are sorted out; the largest journal that mke2fs makes unasked (1 GiB) holds a quarter
    /// of it in blocks of 4 KiB.
    /// </summary>
    private const int MaxBlocks = 1024 * 1024;

    private readonly JournalLog log;
    private readonly byte[] block;
    private readonly byte[] copied;
    private readonly List<BlockTag> tags = [];
    private uint position;
    private uint walked;

    /// <summary>Of all transactions, those that don't count included, in the order of the log.</summary>
    private readonly List<LoggedBlock> blocks = [];
    private readonly List<(uint Position, uint Sequence)> revokeBlocks = [];

    private LogScan(JournalLog log)
    {
        this.log = log;
        block = new byte[log.BlockSize];
        copied = new byte[log.BlockSize];
        position = log.Superblock.Start;
    }

    /// <summary>The first transaction that doesn't count any more; its number is also that of the fast commits to replay.</summary>
    public uint End { get; private set; }

    /// <summary>A transaction whose checksum says that it is corrupt, not merely incomplete. The kernel replays those before it and then refuses to mount.</summary>
    public uint? FailedCommit { get; private set; }

    public uint Transactions => End - log.Superblock.Sequence;

    public IEnumerable<LoggedBlock> Blocks => blocks.Where(logged => Counts(logged.Sequence));

    public IEnumerable<(uint Position, uint Sequence)> RevokeBlocks => revokeBlocks.Where(revoke => Counts(revoke.Sequence));

    /// <exception cref="CorruptException">A transaction is damaged in a way that makes jbd2 give up before it replays anything.</exception>
    /// <exception cref="UnreadableException">The log cannot be read.</exception>
    public static LogScan Run(JournalLog log)
    {
        var scan = new LogScan(log);
        scan.Walk();
        return scan;
    }

    /// <summary>Whether transaction <paramref name="a"/> is later than <paramref name="b"/>; the numbers wrap.</summary>
    public static bool IsLater(uint a, uint b) => (int)(a - b) > 0;

    private bool Counts(uint sequence) => IsLater(End, sequence);

    private void Walk()
    {
        JournalSuperblock superblock = log.Superblock;
        uint next = superblock.Sequence;
        uint? bad = null;
        // A descriptor or revoke block had a bad checksum. It may be left over from an earlier use of the journal.
        bool suspect = false;
        ulong lastCommit = 0;
        uint transactionSum = ~0u;

        while (true)
        {
            Step(block);
            if (JournalHeader.Parse(block) is not { } header || header.Sequence != next)
                break;
            if (header.Type == JournalBlockType.Descriptor)
            {
                suspect |= !BlockTail.Verify(block, superblock);
                bool sum = superblock.TransactionChecksums && bad is null;
                transactionSum = sum ? Checksums.Crc32BigEndian(transactionSum, block) : transactionSum;
                transactionSum = FollowTags(next, sum, transactionSum);
            }
            else if (header.Type == JournalBlockType.Revoke)
            {
                suspect |= !BlockTail.Verify(block, superblock);
                _ = RevokeBlock.Parse(block, superblock);
                revokeBlocks.Add((Previous, next));
            }
            else if (header.Type == JournalBlockType.Commit)
            {
                CommitBlock commit = CommitBlock.Parse(block);
                bool stale = commit.Seconds < lastCommit;
                if (suspect && stale)
                    break;
                if (suspect)
                    throw new CorruptException($"transaction {next} of the journal has a bad checksum");
                if (superblock.TransactionChecksums && bad is not null)
                {
                    // A commit follows the one with the bad sum: that one was not merely interrupted.
                    FailedCommit = bad;
                    continue;
                }
                bool fits = superblock.TransactionChecksums
                    ? commit.VerifyTransaction(transactionSum)
                    : commit.Verify(block, superblock);
                if (fits)
                {
                    transactionSum = ~0u;
                }
                else
                {
                    if (stale)
                        break;
                    bad = next;
                    if (!superblock.Has(JournalFeatures.AsyncCommit))
                    {
                        FailedCommit = next;
                        continue;
                    }
                }
                lastCommit = commit.Seconds;
                next++;
            }
            else
            {
                break;
            }
        }
        End = bad ?? next;
    }

    /// <summary>The position of the block that was read last.</summary>
    private uint Previous { get; set; }

    private void Step(Span<byte> destination)
    {
        Skip();
        log.Read(Previous, destination);
    }

    private void Skip()
    {
        if (++walked > log.Last - log.First)
            throw new CorruptException("the log of the journal runs in a circle");
        Previous = position;
        position = log.Next(position);
    }

    /// <summary>Notes the blocks that the descriptor in hand announces; returns the checksum of version 1 with them in it.</summary>
    private uint FollowTags(uint sequence, bool sum, uint transactionSum)
    {
        tags.Clear();
        DescriptorBlock.ReadTags(block, log.Superblock, tags);
        if (blocks.Count + tags.Count > MaxBlocks)
            throw new UnsupportedException($"the journal holds more than {MaxBlocks} blocks to replay");
        foreach (BlockTag tag in tags)
        {
            if (sum)
            {
                Step(copied);
                transactionSum = Checksums.Crc32BigEndian(transactionSum, copied);
            }
            else
            {
                Skip();
            }
            blocks.Add(new(tag.Block, Previous, sequence, tag.Checksum, tag.Escaped));
        }
        return transactionSum;
    }
}
