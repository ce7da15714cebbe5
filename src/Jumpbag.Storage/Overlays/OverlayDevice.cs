using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.Storage.Overlays.Format;

namespace Jumpbag.Storage.Overlays;

/// <summary>
/// A device with the changes of an overlay file over it, and, where the file was opened for it, one that can be written to: all
/// writes go to the file, none to the device. Reads may come from several threads; writes wait for each other.
/// </summary>
public sealed class OverlayDevice(BlockDevice lower, OverlayFile file) : WritableDevice
{
    private const int BlockSize = OverlayFile.BlockSize, SectorsPerBlock = 8;

    /// <summary>Of the sectors that an overlay may give alone, where the rest of their block cannot be read.</summary>
    private const int PartSize = BlockSize / SectorsPerBlock;

    private static readonly byte[] Nothing = new byte[BlockSize];

    private readonly Lock writing = new();

    public override long Length => lower.Length;

    public override int SectorSize => lower.SectorSize;

    public override int RequestSize => lower.RequestSize;

    public override bool IsWhole => lower.IsWhole;

    /// <summary>The device without the changes.</summary>
    public BlockDevice Lower => lower;

    public OverlayFile File => file;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
            throw new UnreadableException(Math.Max(offset, Length), destination.Length, "beyond the end of the device");
        long end = offset + destination.Length, at = offset;
        Span<byte> block = stackalloc byte[BlockSize];
        while (at < end)
        {
            long number = at / BlockSize;
            if (file.TryFind(number, out OverlaySlot slot))
            {
                long start = number * BlockSize, until = Math.Min(start + BlockSize, end);
                ReadReplaced(start, slot, block, at, until);
                block[(int)(at - start)..(int)(until - start)].CopyTo(destination[(int)(at - offset)..]);
                at = until;
                continue;
            }
            long runEnd = (number + 1) * BlockSize;
            while (runEnd < end && !file.TryFind(runEnd / BlockSize, out _))
                runEnd += BlockSize;
            runEnd = Math.Min(runEnd, end);
            lower.Read(at, destination[(int)(at - offset)..(int)(runEnd - offset)]);
            at = runEnd;
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => ReplacedBlocks.Extents(lower, file.SortedBlocks(), BlockSize, offset, length);

    /// <summary>Replaces bytes; those that are there already take no space.</summary>
    /// <exception cref="UnreadableException">Less than a sector is written where the rest of that sector cannot be read.</exception>
    /// <exception cref="FailedException">It is past the end, the overlay is full, or its disk is.</exception>
    public override void Write(long offset, ReadOnlySpan<byte> data)
    {
        CheckRange(offset, data.Length);
        lock (writing)
            for (int done = 0; done < data.Length;)
            {
                long at = offset + done;
                int within = (int)(at % BlockSize), count = Math.Min(BlockSize - within, data.Length - done);
                WriteBlock(at / BlockSize, within, data.Slice(done, count));
                done += count;
            }
    }

    /// <summary>Replaces bytes by zeros, in little space: a hole punched, a range zeroed or discarded.</summary>
    /// <exception cref="FailedException">As for <see cref="Write"/>.</exception>
    public override void Zero(long offset, long length)
    {
        CheckRange(offset, length);
        lock (writing)
        {
            long end = offset + length, at = offset;
            while (at < end)
            {
                int within = (int)(at % BlockSize);
                if (within != 0 || end - at < BlockSize)
                {
                    int count = (int)Math.Min(BlockSize - within, end - at);
                    WriteBlock(at / BlockSize, within, Nothing.AsSpan(0, count));
                    at += count;
                    continue;
                }
                int blocks = (int)Math.Min((end - at) / BlockSize, OverlayFile.MostZeros);
                ZeroBlocks(at / BlockSize, blocks);
                at += (long)blocks * BlockSize;
            }
        }
    }

    /// <summary>What was written before has reached the disk when this returns.</summary>
    public override void Flush()
    {
        lock (writing)
            file.Sync();
    }

    private void CheckRange(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new FailedException($"bytes {offset}..{offset + length - 1} are beyond the end of the device");
    }

    private void WriteBlock(long number, int within, ReadOnlySpan<byte> data)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        block.Clear();
        int size = (int)Math.Min(BlockSize, Length - (number * BlockSize));
        byte sectors = OverlayEntry.AllSectors;
        uint? baseChecksum = null;
        if (file.TryFind(number, out OverlaySlot slot))
        {
            file.Read(slot, block);
            sectors = slot.Sectors;
            baseChecksum = file.BaseChecksum(number);
        }
        else if (TryReadLower(number, block, size))
            baseChecksum = Checksums.Crc32C(~0u, block);
        else
        {
            block.Clear();
            sectors = 0;
        }
        if (sectors != OverlayEntry.AllSectors)
            sectors |= PartsOf(number, block, size, within, data.Length, sectors);
        else if (data.SequenceEqual(block.Slice(within, data.Length)))
            return;
        data.CopyTo(block[within..]);
        file.Append(new(OverlayEntryKind.Data, number, 1, 0, baseChecksum ?? 0, sectors, baseChecksum is null), block);
    }

    /// <summary>
    /// The sectors that a write gives to a block whose rest cannot be read. One that is only touched is completed from
    /// below, or cannot be written, as on the disk itself.
    /// </summary>
    private byte PartsOf(long number, Span<byte> block, int size, int within, int count, byte known)
    {
        byte given = 0;
        for (int part = within / PartSize; part * PartSize < within + count; part++)
        {
            int start = part * PartSize, end = Math.Min(start + PartSize, size);
            bool isKnown = (known & (1 << part)) != 0, isWhole = within <= start && within + count >= end;
            if (!isKnown && !isWhole)
                lower.Read((number * BlockSize) + start, block[start..end]);
            given |= (byte)(1 << part);
        }
        return given;
    }

    private void ZeroBlocks(long first, int count)
    {
        var below = new byte[BlockSize];
        bool isHole = lower.Extents(first * BlockSize, (long)count * BlockSize).All(extent => extent.Kind == ExtentKind.Hole);
        var table = new byte[BlockSize];
        int run = 0;
        for (int i = 0; i <= count; i++)
        {
            long number = first + i;
            uint? checksum = i == count ? null : file.TryFind(number, out _) ? file.BaseChecksum(number)
                : isHole || !TryReadLower(number, below, BlockSize) || !below.AsSpan().ContainsAnyExcept((byte)0) ? null : Checksums.Crc32C(~0u, below);
            if (checksum is { } known)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(run * 4), known);
                run++;
                continue;
            }
            if (run > 0)
            {
                file.Append(new(OverlayEntryKind.Zeros, number - run, run, 0), table);
                table.AsSpan().Clear();
                run = 0;
            }
            // Zeros below, or bytes that cannot be read and so are written as a block of their own.
            if (i < count && !isHole && !TryReadLower(number, below, BlockSize))
                WriteBlock(number, 0, Nothing);
        }
    }

    private bool TryReadLower(long number, Span<byte> block, int size)
    {
        try
        {
            lower.Read(number * BlockSize, block[..size]);
            return true;
        }
        catch (UnreadableException)
        {
            return false;
        }
    }

    /// <summary>Sectors that the overlay does not give come from below; only those within the wanted bytes must be readable there.</summary>
    private void ReadReplaced(long start, OverlaySlot slot, Span<byte> block, long from, long until)
    {
        try
        {
            file.Read(slot, block);
        }
        catch (UnreadableException e)
        {
            throw new UnreadableException(start, BlockSize, e.Reason);
        }
        if (slot.Sectors == OverlayEntry.AllSectors)
            return;
        for (int part = (int)((from - start) / PartSize); start + (part * PartSize) < until; part++)
            if ((slot.Sectors & (1 << part)) == 0)
                lower.Read(start + (part * PartSize), block.Slice(part * PartSize, (int)Math.Min(PartSize, Length - start - (part * PartSize))));
    }
}
