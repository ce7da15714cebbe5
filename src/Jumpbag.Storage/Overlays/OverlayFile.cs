using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.Storage.Overlays.Format;
using Microsoft.Win32.SafeHandles;

namespace Jumpbag.Storage.Overlays;

/// <summary>Where an overlay file keeps a block: the slot, which of its eight sectors are there, and whether it is zeros.</summary>
internal readonly record struct OverlaySlot(long Number, byte Sectors, bool IsZero);

/// <summary>
/// New contents for blocks of a device, kept in a file of their own: a log of slots that only grows, each with checksums, so
/// that whatever ends its writer, the file is as it was at some moment of the writing. See docs/design/overlay.md.
/// Reading may be done by several threads, writing by one at a time (<see cref="OverlayDevice"/> sees to that).
/// </summary>
public sealed class OverlayFile : IDisposable
{
    public const int BlockSize = OverlayHeader.BlockSize;

    /// <summary>16 GiB of changes; what is kept in memory of each block is 28 bytes.</summary>
    public const int MostBlocks = 1 << 22;

    internal const int MostZeros = BlockSize / 4;

    private const int SlotsPerSegment = BlockSize / OverlayEntry.Size;
    private const long SegmentSize = (1 + SlotsPerSegment) * BlockSize;

    private readonly SafeFileHandle handle;
    private readonly Dictionary<long, long> slots = [];
    private readonly Lock gate = new();
    private long[]? sorted;
    private long nextSlot;
    private long markedSlots;

    private OverlayFile(string path, SafeFileHandle handle, OverlayHeader header)
    {
        Path = path;
        this.handle = handle;
        Header = header;
    }

    public string Path { get; }

    public OverlayHeader Header { get; }

    /// <summary>What the last check came to, if nothing was written after it.</summary>
    public OverlayVerdict Verdict { get; private set; }

    /// <summary>What the last check said of itself; "" where none ended.</summary>
    public string VerdictText { get; private set; } = "";

    /// <summary>How many blocks it replaces.</summary>
    public int Blocks
    {
        get
        {
            lock (gate)
                return slots.Count;
        }
    }

    /// <summary>Makes a new one. It appears under its name when it is whole.</summary>
    /// <exception cref="FailedException">There is one already, or the folder does not take it.</exception>
    public static OverlayFile Create(string path, OverlayHeader header)
    {
        string unfinished = path + ".new";
        byte[] bytes = header.ToBytes();
        try
        {
            SafeFileHandle handle = File.OpenHandle(unfinished, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
            try
            {
                RandomAccess.Write(handle, bytes, 0);
                RandomAccess.FlushToDisk(handle);
                File.Move(unfinished, path, overwrite: false);
                FolderSync.Run(path);
                return new(path, handle, header);
            }
            catch
            {
                handle.Dispose();
                File.Delete(unfinished);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: the overlay cannot be made: {Reason(e)}", "'--overlay FILE' puts it elsewhere", e);
        }
    }

    /// <exception cref="NotFoundException">There is no such file.</exception>
    /// <exception cref="UnsupportedException">It is no overlay, is damaged, or is in use.</exception>
    public static OverlayFile Open(string path, bool writable)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read, writable ? FileShare.None : FileShare.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NotFoundException($"{path}: no such file", "'jumpbag fsck' makes an overlay and says where it is");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // EWOULDBLOCK: whoever writes to it holds the lock.
            throw e.HResult == 11 ? new UnsupportedException($"{path}: is in use by another jumpbag", "wait until that fsck has ended")
                : new FailedException($"{path}: {Reason(e)}", null, e);
        }
        try
        {
            var header = new byte[OverlayHeader.Size];
            int count = ReadUpTo(handle, header, 0);
            var file = new OverlayFile(path, handle, OverlayHeader.Parse(header.AsSpan(0, count), path));
            file.Load();
            if (writable)
                file.CutTail();
            return file;
        }
        catch (IOException e)
        {
            handle.Dispose();
            throw new FailedException($"{path}: {e.Message}", null, e);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    internal bool TryFind(long block, out OverlaySlot slot)
    {
        lock (gate)
        {
            bool found = slots.TryGetValue(block, out long packed);
            slot = new(packed >> 9, (byte)packed, (packed & 0x100) != 0);
            return found;
        }
    }

    /// <summary>The numbers of the replaced blocks, ascending.</summary>
    public long[] SortedBlocks()
    {
        lock (gate)
        {
            if (sorted is not null)
                return sorted;
            sorted = [.. slots.Keys];
            Array.Sort(sorted);
            return sorted;
        }
    }

    /// <summary>The slot's block; of one whose sectors are not all given, what is not is zeros.</summary>
    /// <exception cref="UnreadableException">It fails its checksum; offsets are in bytes of this file.</exception>
    internal void Read(OverlaySlot slot, Span<byte> block)
    {
        if (slot.IsZero)
        {
            block.Clear();
            return;
        }
        OverlayEntry entry = EntryOf(slot.Number);
        ReadData(slot.Number, block);
        if (Checksums.Crc32C(~0u, block) != entry.DataChecksum)
            throw new UnreadableException(DataOffset(slot.Number), BlockSize, $"{Path} is damaged there: the block fails its checksum");
    }

    /// <summary>The checksum of the block as the image had it before anything was replaced; null where it could not be read.</summary>
    internal uint? BaseChecksum(long block)
    {
        if (!TryFind(block, out OverlaySlot slot))
            throw new ArgumentOutOfRangeException(nameof(block));
        OverlayEntry entry = EntryOf(slot.Number);
        if (!slot.IsZero)
            return entry.BaseIsUnreadable ? null : entry.BaseChecksum;
        var table = new byte[BlockSize];
        ReadData(slot.Number, table);
        return BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan((int)(block - entry.Block) * 4));
    }

    /// <exception cref="FailedException">More blocks than are kept in memory; or the disk is full, or fails.</exception>
    internal void Append(OverlayEntry entry, ReadOnlySpan<byte> data)
    {
        lock (gate)
            if (slots.Count + entry.Count > MostBlocks && entry.Kind is OverlayEntryKind.Data or OverlayEntryKind.Zeros)
                throw new FailedException($"{Path}: the overlay is full: more than {MostBlocks} blocks ({ByteSize.Format((long)MostBlocks * BlockSize)}) changed");
        long slot = nextSlot;
        Span<byte> bytes = stackalloc byte[OverlayEntry.Size];
        entry = entry with { DataChecksum = Checksums.Crc32C(~0u, data) };
        entry.Write(bytes, Header.Id, slot);
        try
        {
            RandomAccess.Write(handle, data, DataOffset(slot));
            RandomAccess.Write(handle, bytes, EntryOffset(slot));
        }
        catch (IOException e)
        {
            throw CannotWrite(e);
        }
        nextSlot++;
        Apply(entry, slot);
    }

    /// <summary>Everything that was appended has reached the disk when this returns.</summary>
    public void Sync()
    {
        FlushToDisk();
        if (markedSlots == nextSlot)
            return;
        Append(new(OverlayEntryKind.Mark, 0, 1, 0), new byte[BlockSize]);
    }

    /// <summary>Records what a check came to: from now on this is no unfinished work.</summary>
    public void Conclude(OverlayVerdict verdict, string text)
    {
        FlushToDisk();
        var data = new byte[BlockSize];
        System.Text.Encoding.UTF8.GetEncoder().Convert(text, data, flush: true, out _, out _, out _);
        Append(new(OverlayEntryKind.Verdict, 0, (int)verdict, 0), data);
        VerdictText = text;
        FlushToDisk();
    }

    public void Dispose() => handle.Dispose();

    private void FlushToDisk()
    {
        try
        {
            RandomAccess.FlushToDisk(handle);
        }
        catch (IOException e)
        {
            throw CannotWrite(e);
        }
    }

    private FailedException CannotWrite(IOException e) => new($"{Path}: cannot be written: {Reason(e)}", "make room, and run the same again: it goes on from there", e);

    /// <summary>
    /// What was written before a mark had reached the disk, so there a bad entry is damage. Behind the last mark the log ends
    /// where the first entry, or its data, is not whole: that is where its writer was when it, or the machine, ended.
    /// </summary>
    private void Load()
    {
        long length = RandomAccess.GetLength(handle), end = 0, firstBad = long.MaxValue, lastMark = -1;
        foreach ((long slot, OverlayEntry? entry) in Entries(length))
        {
            if (entry is null)
                firstBad = Math.Min(firstBad, slot);
            else if (entry.Value.Kind is OverlayEntryKind.Mark or OverlayEntryKind.Verdict)
                lastMark = slot;
            end = slot + 1;
        }
        end = Math.Min(end, firstBad);
        if (firstBad < lastMark)
            throw OverlayHeader.Damaged(Path, "a part of it");
        var data = new byte[BlockSize];
        foreach ((long slot, OverlayEntry? entry) in Entries(length))
        {
            if (slot >= end || entry is not { } whole)
                break;
            bool isRead = slot > lastMark || whole.Kind == OverlayEntryKind.Verdict;
            if (isRead && (ReadUpTo(handle, data, DataOffset(slot)) < BlockSize || Checksums.Crc32C(~0u, data) != whole.DataChecksum))
            {
                if (slot <= lastMark)
                    throw OverlayHeader.Damaged(Path, "a part of it");
                break;
            }
            if (!IsSane(whole))
                throw OverlayHeader.Damaged(Path, "a part of it is senseless, although none");
            Apply(whole, slot);
            if (whole.Kind == OverlayEntryKind.Verdict)
                VerdictText = System.Text.Encoding.UTF8.GetString(data.AsSpan().TrimEnd((byte)0));
            nextSlot = slot + 1;
        }
    }

    /// <summary>What a killed writer left behind the end of the log must not be taken for a part of what is appended now.</summary>
    private void CutTail()
    {
        RandomAccess.SetLength(handle, nextSlot == 0 ? OverlayHeader.Size : DataOffset(nextSlot - 1) + BlockSize);
        int used = (int)(nextSlot % SlotsPerSegment);
        if (used > 0)
            RandomAccess.Write(handle, new byte[BlockSize - (used * OverlayEntry.Size)], EntryOffset(nextSlot));
    }

    private bool IsSane(OverlayEntry entry)
    {
        long blocks = (Header.LayerLength + BlockSize - 1) / BlockSize;
        return entry.Kind switch
        {
            OverlayEntryKind.Data => entry.Count == 1 && entry.Block >= 0 && entry.Block < blocks,
            OverlayEntryKind.Zeros => entry.Count is > 0 and <= MostZeros && entry.Block >= 0 && entry.Block <= blocks - entry.Count,
            OverlayEntryKind.Verdict => entry.Count is > 0 and <= (int)OverlayVerdict.ErrorsRemain,
            _ => true,
        } && slots.Count <= MostBlocks;
    }

    private IEnumerable<(long Slot, OverlayEntry? Entry)> Entries(long length)
    {
        var page = new byte[BlockSize];
        for (long first = 0; EntryOffset(first) < length; first += SlotsPerSegment)
        {
            page.AsSpan().Clear();
            _ = ReadUpTo(handle, page, EntryOffset(first));
            // The last page is full of entries that were never written; they are none.
            int used = page.AsSpan().LastIndexOfAnyExcept((byte)0) / OverlayEntry.Size;
            int written = EntryOffset(first + SlotsPerSegment) < length ? SlotsPerSegment : page.AsSpan().ContainsAnyExcept((byte)0) ? used + 1 : 0;
            for (int i = 0; i < written; i++)
                yield return (first + i, OverlayEntry.Parse(page.AsSpan(i * OverlayEntry.Size, OverlayEntry.Size), Header.Id, first + i));
        }
    }

    private void Apply(OverlayEntry entry, long slot)
    {
        lock (gate)
        {
            switch (entry.Kind)
            {
                case OverlayEntryKind.Data:
                case OverlayEntryKind.Zeros:
                    bool isZero = entry.Kind == OverlayEntryKind.Zeros;
                    for (int i = 0; i < entry.Count; i++)
                        slots[entry.Block + i] = (slot << 9) | (isZero ? 0x100L : 0) | entry.Sectors;
                    sorted = null;
                    Verdict = OverlayVerdict.Unfinished;
                    break;
                case OverlayEntryKind.Verdict:
                    Verdict = (OverlayVerdict)entry.Count;
                    markedSlots = slot + 1;
                    break;
                default:
                    markedSlots = slot + 1;
                    break;
            }
        }
    }

    private OverlayEntry EntryOf(long slot)
    {
        Span<byte> bytes = stackalloc byte[OverlayEntry.Size];
        if (ReadUpTo(handle, bytes, EntryOffset(slot)) == bytes.Length && OverlayEntry.Parse(bytes, Header.Id, slot) is { } entry)
            return entry;
        throw new UnreadableException(EntryOffset(slot), bytes.Length, $"{Path} is damaged there");
    }

    private void ReadData(long slot, Span<byte> block)
    {
        if (ReadUpTo(handle, block, DataOffset(slot)) < block.Length)
            throw new UnreadableException(DataOffset(slot), block.Length, $"{Path} became shorter");
    }

    private static int ReadUpTo(SafeFileHandle handle, Span<byte> bytes, long offset)
    {
        int done = 0;
        while (done < bytes.Length && RandomAccess.Read(handle, bytes[done..], offset + done) is > 0 and int count)
            done += count;
        return done;
    }

    private static long EntryOffset(long slot) =>
        OverlayHeader.Size + (slot / SlotsPerSegment * SegmentSize) + (slot % SlotsPerSegment * OverlayEntry.Size);

    private static long DataOffset(long slot) =>
        OverlayHeader.Size + (slot / SlotsPerSegment * SegmentSize) + ((1 + (slot % SlotsPerSegment)) * BlockSize);

    /// <summary>Without the path, which .NET puts into its sentences and which stands before ours.</summary>
    private static string Reason(Exception e) => e switch
    {
        UnauthorizedAccessException => "permission denied",
        DirectoryNotFoundException => "no such folder",
        { HResult: 17 } => "it is there already",
        { HResult: 28 } => "no space left on device",
        { HResult: 30 } => "read-only file system",
        { HResult: 11 } => "in use by another jumpbag",
        _ => e.Message,
    };
}
