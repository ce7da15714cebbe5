using System.Buffers.Binary;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Search;

/// <summary>
/// The cheap first test of a sector, and the exact one where that passes. A format is a mark in its superblock's first
/// sector and a method that finds the filesystem's start from it.
/// </summary>
internal static class Recognition
{
    public const int SectorSize = 512;

    private const uint Xfs = 0x4253_4658, LvmLabel = 0x4542_414C, Luks = 0x534B_554C, LuksBackup = 0x4C55_4B53, Gpt = 0x2049_4645;
    private const ulong BtrfsMagic = 0x4D5F_5366_5248_425F;

    /// <summary>
    /// Whether this sector may be a superblock: six comparisons, nothing allocated. One sector of random bytes in twenty
    /// thousand passes.
    /// </summary>
    public static bool IsInteresting(ReadOnlySpan<byte> sector)
    {
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(sector);
        return BinaryPrimitives.ReadUInt16LittleEndian(sector[ExtSuperblock.MagicOffset..]) == ExtSuperblock.Magic
            || BinaryPrimitives.ReadUInt16LittleEndian(sector[510..]) == 0xAA55
            || BinaryPrimitives.ReadUInt64LittleEndian(sector[BtrfsSuperblock.MagicOffset..]) == BtrfsMagic
            || first is Xfs or LvmLabel or Luks or LuksBackup or Gpt or LinuxRaid.Magic
            || BinaryPrimitives.ReadUInt16LittleEndian(sector[510..]) == 0x3245; // the "E2" of SWAPSPACE2
    }

    /// <summary>What stands at <paramref name="position"/>, or null where the mark was chance.</summary>
    public static Candidate? Examine(ProbeWindow window, long position, ReadOnlySpan<byte> sector)
    {
        if (sector.Le16(ExtSuperblock.MagicOffset) == ExtSuperblock.Magic && ExtSearch.Examine(window, position) is { } ext)
            return ext;
        if (sector.Le64(BtrfsSuperblock.MagicOffset) == BtrfsMagic && VolumeSearch.Btrfs(window, position) is { } btrfs)
            return btrfs;
        Candidate? byStart = sector.Le32(0) switch
        {
            Xfs => VolumeSearch.Xfs(window, position, sector),
            LvmLabel => VolumeSearch.Lvm(position, sector),
            Luks or LuksBackup => VolumeSearch.Luks(position, sector),
            LinuxRaid.Magic => VolumeSearch.LinuxRaid(position, sector),
            Gpt => TableSearch.Gpt(window, position, sector),
            _ => null,
        };
        if (byStart is not null)
            return byStart;
        return sector.Le16(510) switch
        {
            0xAA55 => BootSectorSearch.Examine(window, position, sector) ?? TableSearch.Dos(window, position, sector),
            0x3245 => VolumeSearch.Swap(window, position, sector),
            _ => null,
        };
    }
}
