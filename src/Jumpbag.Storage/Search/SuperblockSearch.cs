using System.Buffers;
using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Search;

/// <summary>
/// Looks at every 512-byte sector of a device for superblocks, so that filesystems are found whose partition table is lost,
/// or whose own first superblock is.
/// </summary>
public static class SuperblockSearch
{
    private const int BlockLength = 4 * 1024 * 1024, SmallestRead = 4096;

    private static readonly TimeSpan BetweenReports = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Reads the device from its start to its end, holes excepted; places that cannot be read are skipped and said once.
    /// Found filesystems come in the order of their starts, each once, however many copies of its superblock there are.
    /// </summary>
    public static IReadOnlyList<FoundSuperblock> Run(BlockDevice device, EventSink events, CancellationToken cancellation)
    {
        using var scan = new Scan(device, events, cancellation);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockLength);
        try
        {
            foreach (Extent extent in device.Extents(0, device.Length))
            {
                if (extent.Kind is ExtentKind.Data or ExtentKind.Computed)
                    scan.Read(extent.Offset, extent.Length, buffer);
                else if (extent.Kind == ExtentKind.Unreadable)
                    scan.Lost(extent.Offset, extent.Length, extent.Reason ?? "unreadable");
                scan.Report(extent.Offset + extent.Length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return scan.Finish();
    }

    private sealed class Scan(BlockDevice device, EventSink events, CancellationToken cancellation) : IDisposable
    {
        private readonly ProbeWindow window = new(device);
        private readonly Findings findings = new();
        private readonly Stopwatch clock = Stopwatch.StartNew();
        private TimeSpan reported;
        private long lostBytes;
        private (long Offset, string Reason)? firstLoss;

        public void Dispose() => window.Dispose();

        public void Read(long offset, long length, byte[] buffer)
        {
            // An extent may begin within a sector, where layers are not aligned to each other.
            long end = offset + length, at = offset / Recognition.SectorSize * Recognition.SectorSize;
            while (at < end)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = (int)Math.Min(BlockLength, device.Length - at);
                count = (int)Math.Min(count, (end - at + Recognition.SectorSize - 1) / Recognition.SectorSize * Recognition.SectorSize);
                ReadAround(at, buffer.AsSpan(0, count));
                at += count;
                Report(at);
            }
        }

        /// <summary>Where a block cannot be read, its halves are, down to a page.</summary>
        private void ReadAround(long offset, Span<byte> block)
        {
            try
            {
                device.Read(offset, block);
            }
            catch (UnreadableException e)
            {
                cancellation.ThrowIfCancellationRequested();
                if (block.Length <= SmallestRead)
                {
                    Lost(offset, block.Length, e.Reason);
                    return;
                }
                int half = (block.Length / 2 + SmallestRead - 1) / SmallestRead * SmallestRead;
                ReadAround(offset, block[..half]);
                ReadAround(offset + half, block[half..]);
                return;
            }
            for (int i = 0; i + Recognition.SectorSize <= block.Length; i += Recognition.SectorSize)
            {
                ReadOnlySpan<byte> sector = block.Slice(i, Recognition.SectorSize);
                if (Recognition.IsInteresting(sector) && !findings.IsFull && Recognition.Examine(window, offset + i, sector) is { } candidate)
                    findings.Add(candidate);
            }
        }

        public void Lost(long offset, long length, string reason)
        {
            firstLoss ??= (offset, reason);
            lostBytes += length;
        }

        public void Report(long done)
        {
            if (clock.Elapsed - reported < BetweenReports && done < device.Length)
                return;
            reported = clock.Elapsed;
            events(new Progressed(new("search", 0, null, done, device.Length, clock.Elapsed)));
        }

        public IReadOnlyList<FoundSuperblock> Finish()
        {
            if (firstLoss is { } loss)
                events(new Warning($"{ByteSize.Format(lostBytes)} could not be read and were not searched, first at byte {loss.Offset}: {loss.Reason}"));
            if (findings.IsFull)
                events(new Warning($"more than {Findings.Maximum} superblocks: the search was cut short"));
            return findings.Rows();
        }
    }
}
