using Jumpbag.Core;
using Jumpbag.Storage.Md.Format;
using Jumpbag.Storage.Raid;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Md;

/// <summary>What a device is to its array at the moment.</summary>
public enum MdMemberState
{
    /// <summary>In its place, and believed.</summary>
    Active,

    /// <summary>In its place, and believed as far as it was rebuilt.</summary>
    Rebuilding,

    /// <summary>Has no place, and no data.</summary>
    Spare,

    /// <summary>Was in the array, which went on without it: what it holds is older.</summary>
    Stale,

    /// <summary>A second device that says it is the same one: a disk and its copy.</summary>
    Duplicate,

    /// <summary>Its superblock contradicts itself.</summary>
    Damaged,

    /// <summary>Holds the array's write journal.</summary>
    Journal,
}

/// <summary>A device that belongs to a Linux MD array.</summary>
public sealed class MdMember
{
    private readonly BlockDevice device;

    private MdMember(BlockDevice device, string locator, MdSuperblock superblock)
    {
        this.device = device;
        Locator = locator;
        Superblock = superblock;
    }

    /// <summary>How a person names it.</summary>
    public string Locator { get; }

    public MdMemberState State { get; internal set; } = MdMemberState.Stale;

    /// <summary>Its place in the array, or null where it has none.</summary>
    public int? Place { get; internal set; }

    /// <summary>Why it is not believed, or not wholly; "" where it is.</summary>
    public string Reason { get; internal set; } = "";

    public ulong Events => Superblock.Events;

    public BlockDevice Device => device;

    internal MdSuperblock Superblock { get; }

    /// <summary>Null where the device is no member of an MD array.</summary>
    /// <param name="damage">Takes why a superblock that is there cannot be used; the device then counts as none.</param>
    public static MdMember? TryOpen(BlockDevice device, string locator, ICollection<string> damage)
    {
        try
        {
            return Find(device) is { } superblock ? new(device, locator, superblock) : null;
        }
        catch (CorruptException e)
        {
            damage.Add($"{locator} is left out of its array: {e.Message}");
            return null;
        }
    }

    /// <summary>As blkid does, the versions at the end go first.</summary>
    private static MdSuperblock? Find(BlockDevice device)
    {
        using var window = new ProbeWindow(device);
        if (LinuxRaid.Probe(window) is not { } signature)
            return null;
        if (signature.Details?.GetValueOrDefault("VERSION")?.StartsWith("0.", StringComparison.Ordinal) == true)
        {
            long offset = MdSuperblock0.OffsetOn(device.Length);
            return window.At(offset, MdSuperblock0.Length) is { IsEmpty: false } bytes ? MdSuperblock0.Parse(bytes, offset) : null;
        }
        foreach ((string version, long offset) in MdSuperblock1.Places(device.Length))
        {
            // The roles of few devices are a few bytes: what is behind them may be cut off, or unreadable.
            ReadOnlySpan<byte> bytes = window.At(offset, MdSuperblock1.Length);
            bytes = bytes.IsEmpty ? window.At(offset, 512) : bytes;
            if (!bytes.IsEmpty && MdSuperblock1.Parse(bytes, version, offset) is { } superblock)
                return superblock;
        }
        return null;
    }

    /// <summary>What it gives to the array: as far as it is believed, and without the blocks that are known to be bad.</summary>
    /// <param name="length">How much of it the array uses, in bytes.</param>
    internal BlockDevice Open(long length)
    {
        BlockDevice whole = device;
        if (Superblock.BadBlocks is { } place)
        {
            try
            {
                whole = MdBadBlocks.Read(device, place).Without(device, $"{Locator} lists it as a bad block");
            }
            catch (CorruptException e)
            {
                return new UnreadableDevice(length, $"{Locator} is not believed: {e.Message}");
            }
        }
        BlockDevice data = new Slice(whole, Superblock.DataOffset, length);
        return Superblock.RebuiltTo >= length ? data : ByteRanges.UpTo(data, Superblock.RebuiltTo, $"{Locator} was not rebuilt so far");
    }
}
