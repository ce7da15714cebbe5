using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Journal.Format;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// The first pass over the fast-commit area (<c>ext4_fc_replay_scan</c>): which of its records belong to complete fast
/// commits of the transaction that the log ends with.
/// </summary>
/// <param name="BlockSize">Of the journal.</param>
/// <param name="Blocks">The blocks of the area up to the last complete fast commit, one behind the other.</param>
/// <param name="Tags">How many records of those count, in order; the rest of the last block may hold others.</param>
/// <param name="Commits">How many fast commits they are.</param>
/// <param name="Problem">Why something that was begun does not count, or null.</param>
internal sealed record FastCommitScan(int BlockSize, byte[] Blocks, int Tags, int Commits, string? Problem = null)
{
    /// <summary>Of the area, in memory; what mke2fs makes unasked has at most 256 blocks.</summary>
    private const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>Each may name an entry that is kept in memory.</summary>
    private const int MaxTags = 400_000;

    /// <param name="inodeSize">Of the filesystem.</param>
    /// <param name="transaction">The number that valid records bear.</param>
    public static FastCommitScan Run(JournalLog log, int inodeSize, uint transaction)
    {
        var blocks = new List<byte[]>();
        int tags = 0, countedTags = 0, countedBlocks = 0, commits = 0;
        uint sum = 0;

        FastCommitScan Stop(string? problem) => countedTags > 0 || problem != null
            ? new(log.BlockSize, [.. blocks.Take(countedBlocks).SelectMany(b => b)], countedTags, commits, countedTags > 0 ? null : problem)
            : new(log.BlockSize, [], 0, 0);

        (uint from, uint to) = log.FastCommitArea;
        for (uint position = from; position < to; position++)
        {
            if ((blocks.Count + 1L) * log.BlockSize > MaxBytes)
                return new(log.BlockSize, [], 0, 0, $"they take more than {MaxBytes} bytes");
            var block = new byte[log.BlockSize];
            try
            {
                log.Read(position, block);
            }
            catch (UnreadableException e)
            {
                return Stop(e.Message);
            }
            if (position == from && (!FastCommitTag.TryParse(block, inodeSize, out FastCommitTag first) || first.Type != FastCommitTagType.Head))
                return new(log.BlockSize, [], 0, 0);
            blocks.Add(block);
            for (int at = 0; at <= block.Length - FastCommitTag.HeaderSize;)
            {
                ReadOnlySpan<byte> rest = block.AsSpan(at);
                if (!FastCommitTag.TryParse(rest, inodeSize, out FastCommitTag tag))
                    return Stop("the first one is incomplete");
                if (++tags > MaxTags)
                    return new(log.BlockSize, [], 0, 0, $"there are more than {MaxTags} records");
                at += tag.Size;
                if (tag.Type == FastCommitTagType.Tail)
                {
                    // The sum covers the tail up to its own field; what follows to the block's end is padding.
                    sum = Checksums.Crc32C(sum, rest[..(FastCommitTag.HeaderSize + 4)]);
                    if (tag.First != transaction || tag.Second != sum)
                        return Stop("the first one is incomplete");
                    (countedTags, countedBlocks) = (tags, blocks.Count);
                    commits++;
                    sum = 0;
                    continue;
                }
                if (tag.Type == FastCommitTagType.Head)
                {
                    if (tag.First != 0)
                        return new(log.BlockSize, [], 0, 0, $"they need the unknown features {tag.First:x}");
                    if (tag.Second != transaction)
                        return Stop(null);
                }
                sum = Checksums.Crc32C(sum, rest[..tag.Size]);
            }
        }
        return Stop(null);
    }
}
