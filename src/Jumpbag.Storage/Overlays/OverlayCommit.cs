using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Storage.Overlays.Format;

namespace Jumpbag.Storage.Overlays;

/// <summary>What a commit will do to the sources: told before it is done.</summary>
/// <param name="Blocks">Of 4 KiB that differ; those that are in place already (from a commit that was cut short) are not counted.</param>
/// <param name="Bytes">In them.</param>
/// <param name="Unsaved">Blocks of which something cannot be read now, and so cannot be put back.</param>
/// <param name="Sources">That will be written to.</param>
public sealed record CommitPlan(long Blocks, long Bytes, long Unsaved, IReadOnlyList<FileSource> Sources);

/// <summary>
/// Writes the blocks of an overlay to where they belong in the sources, having kept what stood there in an undo file, which is
/// an overlay itself: it is put back by the same way. Cut short at any point, it can be run again, or undone.
/// </summary>
/// <param name="file">The overlay; no one else may have it open for writing.</param>
/// <param name="device">The layer that it is for, without it, over sources that tell holes as data.</param>
/// <param name="locator">Of the layer, for messages.</param>
public sealed class OverlayCommit(OverlayFile file, BlockDevice device, string locator)
{
    private const int BlockSize = OverlayFile.BlockSize, SectorSize = 512;

    private static readonly TimeSpan BetweenReports = TimeSpan.FromMilliseconds(200);

    /// <summary>Looks at every block that would be written, and at where it would go.</summary>
    /// <exception cref="UnsupportedException">The device has changed since, or some of it does not lie in a source as it is.</exception>
    public CommitPlan Plan()
    {
        long blocks = 0, bytes = 0, unsaved = 0;
        var sources = new List<FileSource>();
        foreach (Change change in Changes())
        {
            blocks++;
            unsaved += change.OldIsWhole ? 0 : 1;
            foreach ((int start, int length) in change.Parts)
            {
                bytes += length;
                foreach (Extent extent in Places((change.Block * BlockSize) + start, length))
                    if (!sources.Contains(extent.Source!))
                        sources.Add(extent.Source!);
            }
        }
        return new(blocks, bytes, unsaved, sources);
    }

    /// <summary>Keeps what <see cref="Apply"/> will replace; it is on the disk when this returns.</summary>
    /// <param name="path">Of the new file.</param>
    /// <exception cref="FailedException">There is no room for it, or the file is there already.</exception>
    public void WriteUndo(string path)
    {
        var after = new OverlayDevice(device, file);
        OverlayHeader header = file.Header with
        {
            Purpose = OverlayPurpose.Undo,
            Id = Guid.NewGuid(),
            Undoes = file.Header.Id,
            Samples = OverlayBase.Samples(after),
        };
        using OverlayFile undo = OverlayFile.Create(path, header);
        try
        {
            foreach (Change change in Changes())
                if (change.OldSectors != 0)
                    undo.Append(new(OverlayEntryKind.Data, change.Block, 1, 0, Checksums.Crc32C(~0u, change.New), change.OldSectors, !change.OldIsWhole), change.Old);
            undo.Conclude(OverlayVerdict.Repaired, $"what a commit of {file.Path} replaced");
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Writes every block that differs, and returns when all is on the disk. Returns how many those were.</summary>
    public long Apply(SourceWriters writers, EventSink events, long total, CancellationToken cancellation)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        TimeSpan reported = default;
        long done = 0;
        try
        {
            foreach (Change change in Changes())
            {
                cancellation.ThrowIfCancellationRequested();
                foreach ((int start, int length) in change.Parts)
                    foreach (Extent extent in Places((change.Block * BlockSize) + start, length))
                    {
                        int within = (int)(extent.Offset - (change.Block * BlockSize));
                        writers.Write(extent.Source!, change.New.AsSpan(within, (int)extent.Length), extent.SourceOffset);
                    }
                done++;
                if (clock.Elapsed - reported > BetweenReports)
                {
                    reported = clock.Elapsed;
                    events(new Progressed(new("writing", 0, null, done * BlockSize, total * BlockSize, clock.Elapsed)));
                }
            }
        }
        finally
        {
            // Also where it was interrupted: what was written is to be there, as it is told.
            writers.Sync();
        }
        return done;
    }

    /// <summary>One at a time, in ascending order; the arrays are those of the next one afterwards.</summary>
    private IEnumerable<Change> Changes()
    {
        var change = new Change();
        foreach (long block in file.SortedBlocks())
        {
            if (!OverlayBase.IsKnown(file, device, block, change.Old, change.New))
                throw OverlayBase.Changed(file, locator, block);
            change.Load(file, device, block);
            if (change.Parts.Count > 0)
                yield return change;
        }
    }

    /// <summary>Where some bytes of the device lie in the sources.</summary>
    private IEnumerable<Extent> Places(long offset, int length)
    {
        foreach (Extent extent in device.Extents(offset, length))
            yield return extent is { Kind: ExtentKind.Data, Source: not null } ? extent : throw new UnsupportedException(
                $"{locator}: bytes {extent.Offset}..{extent.Offset + extent.Length - 1} do not lie in {ByteString.FromArgument(file.Header.SourcePath)} as they are: {Why(extent)}",
                $"read the repaired view with '--overlay {file.Path}' instead: 'jumpbag cp' copies the files out");
    }

    private static string Why(Extent extent) => extent.Kind switch
    {
        ExtentKind.Unreadable => extent.Reason ?? "they are on a disk that is not given",
        ExtentKind.Hole => "the volume has no space there",
        _ => "the volume computes them (RAID, thin volume or snapshot)",
    };

    /// <summary>A block that differs: what stands there, what is to, and where in it.</summary>
    private sealed class Change
    {
        public long Block { get; private set; }

        /// <summary>Zeros where it cannot be read, or past the end.</summary>
        public byte[] Old { get; } = new byte[BlockSize];

        public byte[] New { get; } = new byte[BlockSize];

        /// <summary>Which of the eight sectors of <see cref="Old"/> were read.</summary>
        public byte OldSectors { get; private set; }

        public bool OldIsWhole { get; private set; }

        /// <summary>Starts and lengths within the block that are to be written: all of it, or the sectors that the overlay has.</summary>
        public List<(int Start, int Length)> Parts { get; } = [];

        public void Load(OverlayFile file, BlockDevice device, long block)
        {
            Block = block;
            Parts.Clear();
            file.TryFind(block, out OverlaySlot slot);
            file.Read(slot, New);
            int size = (int)Math.Min(BlockSize, device.Length - (block * BlockSize));
            ReadOld(device, size);
            if (slot.Sectors == OverlayEntry.AllSectors)
            {
                if (!OldIsWhole || !Old.AsSpan(0, size).SequenceEqual(New.AsSpan(0, size)))
                    Parts.Add((0, size));
                return;
            }
            for (int start = 0; start < size; start += SectorSize)
            {
                int bit = 1 << (start / SectorSize), length = Math.Min(SectorSize, size - start);
                bool isSame = (OldSectors & bit) != 0 && Old.AsSpan(start, length).SequenceEqual(New.AsSpan(start, length));
                if ((slot.Sectors & bit) != 0 && !isSame)
                    Parts.Add((start, length));
                else if ((slot.Sectors & bit) == 0)
                    // Not the overlay's, so not changed: as far as it can be read, it stays in what is compared later.
                    Old.AsSpan(start, length).CopyTo(New.AsSpan(start));
            }
        }

        private void ReadOld(BlockDevice device, int size)
        {
            Old.AsSpan().Clear();
            OldSectors = OverlayEntry.AllSectors;
            OldIsWhole = true;
            try
            {
                device.Read(Block * BlockSize, Old.AsSpan(0, size));
            }
            catch (UnreadableException)
            {
                OldIsWhole = false;
                OldSectors = 0;
                Old.AsSpan().Clear();
                for (int start = 0; start < size; start += SectorSize)
                    if (TryRead(device, (Block * BlockSize) + start, Old.AsSpan(start, Math.Min(SectorSize, size - start))))
                        OldSectors |= (byte)(1 << (start / SectorSize));
            }
        }

        private static bool TryRead(BlockDevice device, long offset, Span<byte> part)
        {
            try
            {
                device.Read(offset, part);
                return true;
            }
            catch (UnreadableException)
            {
                part.Clear();
                return false;
            }
        }
    }
}
