namespace Jumpbag.Storage.Signatures;

/// <summary>
/// The superblock of XFS, one at the start of each allocation group; big-endian.
/// Linux fs/xfs/libxfs/xfs_format.h, struct xfs_dsb.
/// </summary>
/// <remarks><code>
/// 0 sb_magicnum "XFSB"  4 sb_blocksize   8 sb_dblocks    32 sb_uuid       80 sb_rextsize   84 sb_agblocks
/// 88 sb_agcount         96 sb_logblocks  100 sb_versionnum 102 sb_sectsize 104 sb_inodesize 106 sb_inopblock
/// 108 sb_fname[12]      120 sb_blocklog  121 sb_sectlog  122 sb_inodelog  123 sb_inopblog  127 sb_imax_pct
/// </code></remarks>
internal sealed class XfsSuperblock
{
    private XfsSuperblock(ReadOnlySpan<byte> b)
    {
        BlockSize = b.Be32(4);
        Blocks = b.Be64(8);
        Uuid = Tags.Uuid(b.Slice(32, 16));
        GroupBlocks = b.Be32(84);
        SectorSize = b.Be16(102);
        Label = Tags.Label(b.Slice(108, 12));
        Version = b.Be16(100) & 0xF;
    }

    public uint BlockSize { get; }

    public ulong Blocks { get; }

    public string? Uuid { get; }

    public string? Label { get; }

    public uint GroupBlocks { get; }

    public int SectorSize { get; }

    public int Version { get; }

    public long? Size => Fields.Size(Blocks, BlockSize);

    public static XfsSuperblock? Parse(ReadOnlySpan<byte> b)
    {
        if (b.Length < 128 || !b.Has(0, "XFSB"u8))
            return null;
        uint groups = b.Be32(88), groupBlocks = b.Be32(84), blockSize = b.Be32(4);
        ulong blocks = b.Be64(8), extent = (ulong)b.Be32(80) * blockSize;
        bool fits = groups > 0 && blocks > 0
            && IsLog(b.Be16(102), b[121], 9, 15) && IsLog(blockSize, b[120], 9, 16) && IsLog(b.Be16(104), b[122], 8, 11)
            && b[120] - b[122] == b[123]
            && extent is >= 4096 and <= 1 << 30 && b[127] <= 100
            && blocks <= (ulong)groups * groupBlocks && blocks >= (groups - 1UL) * groupBlocks + 64;
        return fits ? new(b) : null;
    }

    private static bool IsLog(uint value, byte log, int minimum, int maximum) => log >= minimum && log <= maximum && value == 1u << log;
}

internal static class Xfs
{
    private const int SectorSize = 512, MinimumLog = 10 * 1024 * 1024;

    public static Signature? Probe(ProbeWindow window) =>
        XfsSuperblock.Parse(window.At(0, 512)) is { } superblock
            ? Signature.FileSystem("xfs", superblock.Label, superblock.Uuid, superblock.Size, ("VERSION", Tags.Number(superblock.Version)))
            : null;

    /// <summary>An external log begins with a record header in one of its first sectors (xlog_rec_header in xfs_log_format.h).</summary>
    public static Signature? ProbeLog(ProbeWindow window)
    {
        if (window.Length < MinimumLog)
            return null;
        for (int sector = 0; sector < 128; sector++)
        {
            ReadOnlySpan<byte> b = window.At(sector * SectorSize, SectorSize);
            bool isHeader = !b.IsEmpty && b.Be32(0) == 0xFEED_BABE && b.Be32(8) is 1 or 2 && b.Be32(12) is > 0 and <= int.MaxValue
                && b.Be32(300) is 1 or 2 or 3;
            if (isHeader)
                return Signature.Other("xfs_external_log", details: ("LOGUUID", Tags.Uuid(b.Slice(304, 16))));
        }
        return null;
    }
}
