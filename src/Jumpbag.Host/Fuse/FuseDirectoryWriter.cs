using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Jumpbag.Host.Fuse;

/// <summary>
/// Takes the entries of a directory while there is room: struct fuse_direntplus (an entry_out before each dirent) where the
/// kernel wants the attributes too, else struct fuse_dirent: 0x00 u64 ino · 0x08 u64 off · 0x10 u32 namelen · 0x14 u32 type ·
/// 0x18 name, the whole padded to eight bytes.
/// </summary>
public ref struct FuseDirectoryWriter
{
    private const int NameOffset = 24;

    private readonly Span<byte> room;

    internal FuseDirectoryWriter(Span<byte> room, bool wantsAttributes)
    {
        this.room = room;
        WantsAttributes = wantsAttributes;
    }

    /// <summary>Whether entries need what <see cref="FuseFileSystem.Lookup"/> would tell of them.</summary>
    public bool WantsAttributes { get; }

    public int Length { get; private set; }

    /// <summary>How many entries could at most have room.</summary>
    public readonly int Most => (room.Length - Length) / Size(1) + 1;

    /// <summary>Whether a name of that length has room still.</summary>
    public readonly bool Fits(int nameLength) => Length + Size(nameLength) <= room.Length;

    /// <summary>An entry without attributes: where none are wanted or could be had.</summary>
    /// <param name="type">S_IFMT of its mode, shifted down by 12: 4 for a directory; 0 where it is not known.</param>
    /// <param name="next">Where a listing goes on behind this entry.</param>
    /// <returns>False where there is no room.</returns>
    public bool Add(ReadOnlySpan<byte> name, ulong inode, int type, ulong next) => Add(name, inode, type, next, default);

    public bool Add(ReadOnlySpan<byte> name, in FuseEntry entry, ulong next) =>
        Add(name, entry.Attributes.Inode, (int)(entry.Attributes.Mode >> 12), next, entry);

    private bool Add(ReadOnlySpan<byte> name, ulong inode, int type, ulong next, in FuseEntry entry)
    {
        if (!Fits(name.Length))
            return false;
        Span<byte> at = room.Slice(Length, Size(name.Length));
        Length += at.Length;
        if (WantsAttributes)
        {
            FuseEntry shown = entry;
            if (entry.Node != 0)
                shown.StaysValid();
            MemoryMarshal.Write(at, in shown);
            at = at[Unsafe.SizeOf<FuseEntry>()..];
        }
        MemoryMarshal.Write(at, in inode);
        MemoryMarshal.Write(at[8..], in next);
        MemoryMarshal.Write(at[16..], name.Length);
        MemoryMarshal.Write(at[20..], in type);
        name.CopyTo(at[NameOffset..]);
        at[(NameOffset + name.Length)..].Clear();
        return true;
    }

    private readonly int Size(int nameLength) => (WantsAttributes ? Unsafe.SizeOf<FuseEntry>() : 0) + ((NameOffset + nameLength + 7) & ~7);
}
