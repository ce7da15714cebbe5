using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Partitions;

/// <summary>
/// A master boot record counts in sectors and does not say how large they are: an image of a disk with 4096-byte sectors
/// looks like any other. What stands at the starts of its partitions decides.
/// </summary>
internal static class SectorSizeDetection
{
    /// <summary>The first candidate, unless more partitions are recognised with another.</summary>
    public static int Of(ProbeWindow window, MasterBootRecord record, IReadOnlyList<int> candidates)
    {
        // One partition that is recognised settles the likeliest size; looking at the others would only cost time.
        IReadOnlyList<MasterBootRecord.Entry> used = [.. record.Entries.Where(e => e is { IsUsed: true, IsProtective: false })];
        int best = candidates[0], bestScore = 0;
        if (used.Any(entry => IsRecognised(window, entry, best)))
            return best;
        foreach (int sectorSize in candidates.Skip(1))
        {
            int score = used.Count(entry => IsRecognised(window, entry, sectorSize));
            if (score > bestScore)
                (best, bestScore) = (sectorSize, score);
        }
        return best;
    }

    private static bool IsRecognised(ProbeWindow window, MasterBootRecord.Entry entry, int sectorSize)
    {
        long offset = (long)entry.Start * sectorSize;
        if (offset == 0 || offset >= window.Length)
            return false;
        if (entry.IsContainer)
            return MasterBootRecord.Parse(window.At(offset, MasterBootRecord.Length)) is not null;
        return Signature.Probe(new Slice(window.Device, offset, Math.Min((long)entry.Count * sectorSize, window.Length - offset))) is not null;
    }
}
