using Jumpbag.Core;
using Jumpbag.Storage.Overlays.Format;

namespace Jumpbag.Storage.Overlays;

/// <summary>
/// Tells whether a device is the one that an overlay was made over, and is still as it was. What stood in each replaced block
/// is known by its checksum; of the rest some blocks are looked at.
/// </summary>
public static class OverlayBase
{
    private const int BlockSize = OverlayFile.BlockSize, FromTheStart = 16, Spread = 48;

    /// <summary>The blocks by which a device is known again: its first sixteen, where superblocks are, and others from all over it.</summary>
    public static IReadOnlyList<BlockSample> Samples(BlockDevice device)
    {
        long blocks = (device.Length + BlockSize - 1) / BlockSize;
        var chosen = new SortedSet<long>();
        for (long i = 0; i < Math.Min(blocks, FromTheStart); i++)
            chosen.Add(i);
        for (int i = 1; i <= Spread && blocks > 0; i++)
            chosen.Add((long)((Int128)(blocks - 1) * i / Spread));
        var block = new byte[BlockSize];
        return [.. chosen.Select(number => Checksum(device, number, block) is { } sum ? new BlockSample(number, sum, false) : new(number, 0, true))];
    }

    /// <exception cref="UnsupportedException">It is another device, or has changed since.</exception>
    public static void Check(OverlayFile file, BlockDevice device, long sourceLength, string locator)
    {
        OverlayHeader header = file.Header;
        if (sourceLength != header.SourceLength || device.Length != header.LayerLength)
            throw new UnsupportedException(
                $"{file.Path}: belongs to a disk of {header.SourceLength} bytes and a layer of {header.LayerLength}; {locator} has {sourceLength} and {device.Length}",
                $"it was made for {ByteString.FromArgument(header.SourcePath)}{header.Layer}");
        var block = new byte[BlockSize];
        var own = new byte[BlockSize];
        foreach (BlockSample sample in header.Samples)
            if (file.TryFind(sample.Block, out _) ? !IsKnown(file, device, sample.Block, block, own)
                : !sample.IsUnreadable && Checksum(device, sample.Block, block) is { } sum && sum != sample.Checksum)
                throw Changed(file, locator, sample.Block);
    }

    public static UnsupportedException Changed(OverlayFile file, string locator, long block) =>
        new($"{file.Path}: does not belong to {locator} as it is now: block {block} (at byte {block * BlockSize}) is another than when the overlay was made",
            "name the image that it was made for, or check this one anew with another '--overlay FILE'");

    /// <summary>Whether the device has in this block what it had when the overlay was made, or what the overlay puts there already.</summary>
    /// <param name="block">Gets what the device has, where it can be read.</param>
    internal static bool IsKnown(OverlayFile file, BlockDevice device, long number, Span<byte> block, Span<byte> own)
    {
        if (file.BaseChecksum(number) is not { } expected || Checksum(device, number, block) is not { } found || found == expected)
            return true;
        file.TryFind(number, out OverlaySlot slot);
        file.Read(slot, own);
        int size = (int)Math.Min(BlockSize, device.Length - (number * BlockSize));
        return block[..size].SequenceEqual(own[..size]);
    }

    /// <summary>Null where it cannot be read. The last block of a device is completed with zeros.</summary>
    private static uint? Checksum(BlockDevice device, long number, Span<byte> block)
    {
        block.Clear();
        try
        {
            device.Read(number * BlockSize, block[..(int)Math.Min(BlockSize, device.Length - (number * BlockSize))]);
            return Checksums.Crc32C(~0u, block);
        }
        catch (UnreadableException)
        {
            return null;
        }
    }
}
