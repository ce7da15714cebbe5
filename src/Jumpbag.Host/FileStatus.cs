using System.Buffers.Binary;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// What statx(2) tells of a file on this machine. Its structure is the same on every architecture:
/// 0x00 u32 stx_mask · 0x10 u32 stx_nlink · 0x14 u32 stx_uid · 0x18 u32 stx_gid · 0x1C u16 stx_mode · 0x20 u64 stx_ino ·
/// 0x28 u64 stx_size · 0x30 u64 stx_blocks · 0x40 stx_atime · 0x60 stx_ctime · 0x70 stx_mtime (s64 seconds, u32 nanoseconds) ·
/// 0x80 u32 stx_rdev_major · 0x84 u32 stx_rdev_minor · 0x88 u32 stx_dev_major · 0x8C u32 stx_dev_minor.
/// </summary>
public readonly record struct FileStatus(
    int Mode, uint Uid, uint Gid, ulong Inode, long Size, long Links, Timestamp Modified, ulong Device)
{
    internal const int Length = 256;

    /// <summary>STATX_BASIC_STATS</summary>
    internal const uint Mask = 0x7FF;

    /// <summary>When content, owner, mode or a name of it changed last.</summary>
    public Timestamp Changed { get; init; }

    /// <summary>Bytes that it takes on the disk.</summary>
    public long Allocated { get; init; }

    /// <summary>Of a device, as st_rdev.</summary>
    public ulong DeviceNumber { get; init; }

    /// <summary>The filesystem's, as st_dev.</summary>
    public ulong DeviceId => DeviceNumberOf((uint)(Device >> 32), (uint)Device);

    /// <summary>glibc's makedev: the low 12 bits of the major number above the low 8 of the minor, the rest of each further up.</summary>
    public static ulong DeviceNumberOf(uint major, uint minor) =>
        ((major & 0xFFFul) << 8) | ((major & 0xFFFFF000ul) << 32) | (minor & 0xFFul) | ((minor & 0xFFFFFF00ul) << 12);

    public bool IsDirectory => (Mode & 0xF000) == 0x4000;

    public bool IsRegular => (Mode & 0xF000) == 0x8000;

    /// <summary>Of a path that a person named; of a symbolic link at its end itself.</summary>
    public static Errno Of(ByteString path, out FileStatus status) => Of(path, Libc.AtSymlinkNoFollow, out status);

    /// <summary>The same, of what a symbolic link at the end leads to.</summary>
    public static Errno OfTarget(ByteString path, out FileStatus status) => Of(path, 0, out status);

    private static unsafe Errno Of(ByteString path, int flags, out FileStatus status)
    {
        byte* buffer = stackalloc byte[Length];
        fixed (byte* text = new byte[path.Length + 1])
        {
            path.Span.CopyTo(new(text, path.Length));
            Errno error = Libc.Check(Libc.statx(Libc.AtCurrentDirectory, text, flags, Mask, buffer));
            status = error == Errno.None ? Parse(new(buffer, Length)) : default;
            return error;
        }
    }

    public bool IsPipe => (Mode & 0xF000) == 0x1000;

    public bool IsCharacterDevice => (Mode & 0xF000) == 0x2000;

    public bool IsBlockDevice => (Mode & 0xF000) == 0x6000;

    internal static FileStatus Parse(ReadOnlySpan<byte> data)
    {
        uint major = U32(data, 0x88), minor = U32(data, 0x8C);
        return new(
            BinaryPrimitives.ReadUInt16LittleEndian(data[0x1C..]), U32(data, 0x14), U32(data, 0x18),
            BinaryPrimitives.ReadUInt64LittleEndian(data[0x20..]), BinaryPrimitives.ReadInt64LittleEndian(data[0x28..]), U32(data, 0x10),
            new(BinaryPrimitives.ReadInt64LittleEndian(data[0x70..]), (int)U32(data, 0x78)), ((ulong)major << 32) | minor)
        {
            Changed = new(BinaryPrimitives.ReadInt64LittleEndian(data[0x60..]), (int)U32(data, 0x68)),
            DeviceNumber = DeviceNumberOf(U32(data, 0x80), U32(data, 0x84)),
            Allocated = BinaryPrimitives.ReadInt64LittleEndian(data[0x30..]) * 512,
        };
    }

    private static uint U32(ReadOnlySpan<byte> data, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(data[offset..]);
}
