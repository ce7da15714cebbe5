using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Journal.Format;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// The second and third of jbd2's passes: of all copies of a block in the log, the last that is neither revoked nor damaged.
/// </summary>
internal static class LatestCopies
{
    /// <summary>
    /// Sorts <paramref name="logged"/> (given in the order of the log) and returns one copy for each block that has any,
    /// in ascending order of the blocks.
    /// </summary>
    /// <param name="damaged">How many copies were passed over since they can't be read or don't fit their checksum.</param>
    public static LoggedBlock[] Choose(JournalLog log, LogScan scan, LoggedBlock[] logged, out int damaged)
    {
        damaged = 0;
        uint start = log.Superblock.Start, ring = log.Last - log.First;
        // Its distance from the start of the log says which of two copies is the later one; the position alone does not, since the log wraps.
        uint Age(LoggedBlock copy) => copy.Position >= start ? copy.Position - start : copy.Position + ring - start;
        Array.Sort(logged, (a, b) => a.Block != b.Block ? a.Block.CompareTo(b.Block) : Age(a).CompareTo(Age(b)));

        uint?[] revoked = FindRevoked(log, scan, logged);
        // Indices into logged; negative: no copy is left.
        int[] candidates = LastOfEach(logged);
        for (int i = 0; i < candidates.Length; i++)
            candidates[i] = SkipRevoked(logged, revoked, candidates[i]);

        // The log is read in its own order: on a rotating disk anything else takes minutes.
        int[] order = [.. Enumerable.Range(0, candidates.Length)];
        if (log.Superblock.HasBlockChecksums)
        {
            Array.Sort(order, (a, b) => PositionOf(candidates[a]).CompareTo(PositionOf(candidates[b])));
            var block = new byte[log.BlockSize];
            foreach (int i in order)
                while (candidates[i] >= 0 && !IsIntact(log, logged[candidates[i]], block))
                {
                    damaged++;
                    candidates[i] = SkipRevoked(logged, revoked, Earlier(logged, candidates[i]));
                }
        }
        return [.. candidates.Where(index => index >= 0).Select(index => logged[index])];

        uint PositionOf(int index) => index < 0 ? 0 : logged[index].Position;
    }

    /// <summary>For the first copy of each block in the sorted array: the last transaction that revokes the block.</summary>
    private static uint?[] FindRevoked(JournalLog log, LogScan scan, LoggedBlock[] logged)
    {
        var revoked = new uint?[logged.Length];
        var block = new byte[log.BlockSize];
        foreach ((uint position, uint sequence) in scan.RevokeBlocks)
        {
            log.Read(position, block);
            RevokeBlock records = RevokeBlock.Parse(block, log.Superblock);
            for (int i = 0; i < records.Count; i++)
                // Most revoked blocks have no copy in the log; those need no memory.
                if (FirstOf(logged, records[i]) is >= 0 and int first && (revoked[first] is not { } known || LogScan.IsLater(sequence, known)))
                    revoked[first] = sequence;
        }
        // Spread to all copies of the block.
        for (int i = 1; i < logged.Length; i++)
            if (logged[i].Block == logged[i - 1].Block)
                revoked[i] = revoked[i - 1];
        return revoked;
    }

    /// <summary>The index of the first copy of a block in the sorted array; negative where there is none.</summary>
    private static int FirstOf(LoggedBlock[] logged, ulong block)
    {
        int low = 0, high = logged.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (logged[middle].Block < block)
                low = middle + 1;
            else
                high = middle;
        }
        return low < logged.Length && logged[low].Block == block ? low : -1;
    }

    private static int[] LastOfEach(LoggedBlock[] logged)
    {
        var last = new List<int>();
        for (int i = 0; i < logged.Length; i++)
            if (i + 1 == logged.Length || logged[i + 1].Block != logged[i].Block)
                last.Add(i);
        return [.. last];
    }

    /// <summary>A copy counts only if its transaction is later than the last one that revokes its block.</summary>
    private static int SkipRevoked(LoggedBlock[] logged, uint?[] revoked, int index)
    {
        while (index >= 0 && revoked[index] is { } by && !LogScan.IsLater(logged[index].Sequence, by))
            index = Earlier(logged, index);
        return index;
    }

    private static int Earlier(LoggedBlock[] logged, int index) =>
        index > 0 && logged[index - 1].Block == logged[index].Block ? index - 1 : -1;

    private static bool IsIntact(JournalLog log, LoggedBlock copy, byte[] block)
    {
        try
        {
            log.Read(copy.Position, block);
        }
        catch (UnreadableException)
        {
            return false;
        }
        return DescriptorBlock.Verify(block, copy.Checksum, copy.Sequence, log.Superblock);
    }
}
