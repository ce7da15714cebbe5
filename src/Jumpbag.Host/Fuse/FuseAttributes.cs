using System.Runtime.InteropServices;

namespace Jumpbag.Host.Fuse;

/// <summary>struct fuse_attr, 88 bytes: what stat(2) tells of a file, but for its device.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct FuseAttributes
{
    public ulong Inode;
    public ulong Size;

    /// <summary>Of 512 bytes.</summary>
    public ulong Blocks;

    /// <summary>Seconds since 1970; before that, two's complement.</summary>
    public ulong Accessed;

    public ulong Modified;
    public ulong Changed;
    public uint AccessedNanoseconds;
    public uint ModifiedNanoseconds;
    public uint ChangedNanoseconds;

    /// <summary>With the type, as st_mode.</summary>
    public uint Mode;

    public uint Links;
    public uint Uid;
    public uint Gid;

    /// <summary>Of a device: <see cref="DeviceNumber"/>.</summary>
    public uint Device;

    public uint BlockSize;
    public uint Flags;

    /// <summary>As the kernel packs it into 32 bits (new_encode_dev): 12 bits of the major number, 20 of the minor.</summary>
    public static uint DeviceNumber(uint major, uint minor) => (minor & 0xFF) | ((major & 0xFFF) << 8) | ((minor & 0xFFF00) << 12);
}

/// <summary>struct fuse_entry_out, 128 bytes: a name's file. Of <see cref="Node"/> 0 there is none.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct FuseEntry
{
    /// <summary>What names the file in later requests: any number but 0 and 1, which is the top folder's.</summary>
    public ulong Node;

    public ulong Generation;

    /// <summary>For how many seconds the name stays what it is.</summary>
    internal ulong EntryValid;

    internal ulong AttributesValid;
    internal uint EntryValidNanoseconds;
    internal uint AttributesValidNanoseconds;
    public FuseAttributes Attributes;

    /// <summary>What is served does not change: the kernel need never ask again.</summary>
    internal void StaysValid() => EntryValid = AttributesValid = FuseAttributesOut.Forever;
}

/// <summary>struct fuse_attr_out, 104 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseAttributesOut
{
    /// <summary>A year, in seconds.</summary>
    public const ulong Forever = 365 * 86400;

    public ulong Valid;
    public uint ValidNanoseconds;
    public uint Dummy;
    public FuseAttributes Attributes;
}
