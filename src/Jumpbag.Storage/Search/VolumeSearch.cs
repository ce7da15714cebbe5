using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Search;

/// <summary>Formats whose superblock says by itself, or by the block after it, how far from the start it stands.</summary>
internal static class VolumeSearch
{
    /// <summary>A copy begins each allocation group; the next sector's header ("XAGF", 8 agf_seqno) has the group's number.</summary>
    public static Candidate? Xfs(ProbeWindow window, long position, ReadOnlySpan<byte> sector)
    {
        if (XfsSuperblock.Parse(sector) is not { } superblock)
            return null;
        ReadOnlySpan<byte> header = window.At(position + superblock.SectorSize, 16);
        bool verified = header.Has(0, "XAGF"u8);
        long group = verified ? header.Be32(8) : 0;
        if (Fields.Size((ulong)group * superblock.GroupBlocks, superblock.BlockSize) is not { } distance || distance > position)
            return null;
        return new(position - distance, "xfs", superblock.Label, superblock.Uuid, superblock.Size, group > 0, verified,
            verified ? "" : "no allocation group header follows: a stray copy, or damaged");
    }

    public static Candidate? Btrfs(ProbeWindow window, long position)
    {
        if (BtrfsSuperblock.Parse(window.At(position, BtrfsSuperblock.Length)) is not { } superblock)
            return null;
        bool isBackup = superblock.Position is 64 << 20 or 256UL << 30;
        if (!isBackup && superblock.Position != BtrfsSuperblock.PrimaryPosition)
            return null;
        long start = position - (long)superblock.Position;
        return start < 0 ? null
            : new(start, "btrfs", superblock.Label, superblock.Uuid, superblock.DeviceSize, isBackup, Verified: true);
    }

    public static Candidate? Lvm(long position, ReadOnlySpan<byte> sector)
    {
        if (!Signatures.Lvm.IsLabel(sector) || sector.Le64(8) > 3)
            return null;
        Signature label = Signatures.Lvm.Describe(sector);
        long start = position - (long)sector.Le64(8) * Recognition.SectorSize;
        return start < 0 ? null : new(start, label.Format, null, label.Uuid, label.Size, FromBackup: false, Verified: true);
    }

    public static Candidate? Luks(long position, ReadOnlySpan<byte> sector)
    {
        bool isBackup = sector[0] == (byte)'S';
        ulong offset = sector.Be16(6) == 2 ? sector.Be64(256) : 0;
        if (!Encrypted.IsLuks(sector, offset) || offset > (ulong)position || (offset != 0) != isBackup)
            return null;
        Signature header = Encrypted.DescribeLuks(sector);
        return header.Uuid is null ? null
            : new(position - (long)offset, header.Format, header.Label, header.Uuid, null, isBackup, Verified: true);
    }

    public static Candidate? LinuxRaid(long position, ReadOnlySpan<byte> sector)
    {
        if (!Signatures.LinuxRaid.IsVersion1(sector))
            return null;
        ulong offset = sector.Le64(144);
        if (offset > (ulong)position / 512)
            return null;
        string version = offset switch { 0 => "1.1", 8 => "1.2", _ => "1.0" };
        Signature member = Signatures.LinuxRaid.Describe(sector, version);
        return new(position - (long)offset * 512, member.Format, member.Label, member.Uuid, member.Size, FromBackup: false, Verified: true,
            $"version {version}, content from byte {position - (long)offset * 512 + (long)Math.Min(sector.Le64(128), 1UL << 40) * 512}");
    }

    /// <summary>The mark ends the first page; the header in that page tells which page size it was.</summary>
    public static Candidate? Swap(ProbeWindow window, long position, ReadOnlySpan<byte> sector)
    {
        if (!sector.Has(502, "SWAPSPACE2"u8))
            return null;
        foreach (int pageSize in Signatures.Swap.PageSizes)
        {
            long start = position + Recognition.SectorSize - pageSize;
            ReadOnlySpan<byte> header = window.At(start + 1024, 1068 + 35 * 4 - 1024);
            if (start < 0 || !Signatures.Swap.IsHeader(header))
                continue;
            (string? label, string? uuid) = Signatures.Swap.Names(header);
            return new(start, "swap", label, uuid, Signatures.Swap.Size(header, pageSize), FromBackup: false, Verified: true);
        }
        return null;
    }
}
