using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Journal.Format;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// A journal replayed in memory: which blocks of the filesystem it replaces, and by what. Nothing is written, and no
/// contents are held: the result is a device that reads the replaced blocks from the journal.
/// </summary>
public sealed class JournalReplay
{
    private JournalReplay(JournalLog log, BlockDevice device, uint transactions, int blocks, IReadOnlyList<string> warnings)
    {
        Log = log;
        Device = device;
        Transactions = transactions;
        Blocks = blocks;
        Warnings = warnings;
    }

    public JournalLog Log { get; }

    /// <summary>The filesystem as it is after the replay.</summary>
    public BlockDevice Device { get; }

    public uint Transactions { get; }

    /// <summary>How many blocks of the filesystem are replaced.</summary>
    public int Blocks { get; }

    /// <summary>The number that valid fast commits bear.</summary>
    public uint NextTransaction => Log.Superblock.Sequence + Transactions;

    /// <summary>What was left out although the log holds it, each in one line.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <param name="filesystem">The device as it is on the disk.</param>
    /// <param name="log">Its journal, with something to recover.</param>
    /// <param name="blockCount">Blocks of the filesystem; what the log holds for others is left out.</param>
    /// <exception cref="CorruptException">jbd2 would give up without replaying anything; so does this.</exception>
    /// <exception cref="UnsupportedException">The journal is larger than memory is meant for.</exception>
    /// <exception cref="UnreadableException">The log cannot be read.</exception>
    public static JournalReplay Run(BlockDevice filesystem, JournalLog log, ulong blockCount)
    {
        LogScan scan = LogScan.Run(log);
        var warnings = new List<string>();
        if (scan.FailedCommit is { } failed)
            warnings.Add($"transaction {failed} of the journal has a bad checksum: replayed up to the one before it");

        blockCount = Math.Min(blockCount, (ulong)(long.MaxValue / log.BlockSize));
        LoggedBlock[] logged = [.. scan.Blocks.Where(copy => copy.Block < blockCount)];
        int outside = scan.Blocks.Count() - logged.Length;
        if (outside > 0)
            warnings.Add($"{outside} blocks of the journal belong outside of the filesystem and were left out");
        LoggedBlock[] last = LatestCopies.Choose(log, scan, logged, out int damaged);
        if (damaged > 0)
            warnings.Add($"{damaged} blocks of the journal are unreadable or have a bad checksum and were not replayed");

        var blocks = new long[last.Length];
        var offsets = new long[last.Length];
        for (int i = 0; i < last.Length; i++)
            (blocks[i], offsets[i]) = ((long)last[i].Block, (long)last[i].Position * log.BlockSize);
        long[] escaped = [.. last.Where(copy => copy.Escaped).Select(copy => (long)copy.Position * log.BlockSize).Order()];
        BlockDevice upper = escaped.Length == 0 ? log.Device : new UnescapedJournal(log.Device, escaped);
        BlockDevice device = last.Length == 0 ? filesystem : new BlockOverlay(filesystem, upper, log.BlockSize, blocks, offsets);
        return new(log, device, scan.Transactions, last.Length, warnings);
    }
}
