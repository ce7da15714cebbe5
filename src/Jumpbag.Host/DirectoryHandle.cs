using System.Buffers.Text;
using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// An open directory of this machine, and what can be done with the entries in it. A name is one entry of this very
/// directory: one with a slash, "." and ".." are refused as invalid, and a symbolic link is never followed. The methods
/// answer the kernel's error. May be used from several threads at once, except for <see cref="FileHandle.Dispose"/>.
/// </summary>
public sealed unsafe partial class DirectoryHandle : FileHandle
{
    private DirectoryHandle(int descriptor) : base(descriptor)
    {
    }

    /// <summary>The folder that a person named: links in that path are followed, as everywhere.</summary>
    public static Errno Open(ByteString path, out DirectoryHandle? directory)
    {
        fixed (byte* text = new byte[path.Length + 1])
        {
            path.Span.CopyTo(new(text, path.Length));
            return Opened(Libc.openat(Libc.AtCurrentDirectory, text, Libc.DirectoryOnly | Libc.CloseOnExec, 0), out directory);
        }
    }

    public Errno OpenDirectory(ReadOnlySpan<byte> name, out DirectoryHandle? directory)
    {
        byte* text = stackalloc byte[CName.Size];
        directory = null;
        return !CName.CopyEntry(name, text) ? Errno.Invalid
            : Opened(Libc.openat(Descriptor, text, Libc.DirectoryOnly | Libc.NoFollow | Libc.CloseOnExec, 0), out directory);
    }

    /// <summary>Makes a new file and opens it for reading and writing.</summary>
    public Errno Create(ReadOnlySpan<byte> name, int permissions, out FileHandle? file)
    {
        byte* text = stackalloc byte[CName.Size];
        file = null;
        if (!CName.CopyEntry(name, text))
            return Errno.Invalid;
        int fd = Libc.openat(Descriptor, text, Libc.ReadWrite | Libc.Create | Libc.Exclusive | Libc.NoFollow | Libc.CloseOnExec, (uint)permissions);
        file = fd < 0 ? null : new(fd);
        return Libc.Check(fd);
    }

    /// <summary>Opens a file that is there for reading and writing; a pipe or a device is not waited for.</summary>
    public Errno OpenFile(ReadOnlySpan<byte> name, out FileHandle? file)
    {
        byte* text = stackalloc byte[CName.Size];
        file = null;
        if (!CName.CopyEntry(name, text))
            return Errno.Invalid;
        int fd = Libc.openat(Descriptor, text, Libc.ReadWrite | Libc.NoFollow | Libc.NonBlocking | Libc.CloseOnExec, 0);
        file = fd < 0 ? null : new(fd);
        return Libc.Check(fd);
    }

    public Errno MakeDirectory(ReadOnlySpan<byte> name, int permissions)
    {
        byte* text = stackalloc byte[CName.Size];
        return CName.CopyEntry(name, text) ? Libc.Check(Libc.mkdirat(Descriptor, text, (uint)permissions)) : Errno.Invalid;
    }

    /// <summary>A fifo, socket or device: <paramref name="type"/> is its S_IFMT.</summary>
    public Errno MakeNode(ReadOnlySpan<byte> name, int type, int permissions, uint major, uint minor)
    {
        byte* text = stackalloc byte[CName.Size];
        return CName.CopyEntry(name, text) ? Libc.Check(Libc.mknodat(Descriptor, text, (uint)(type | permissions), FileStatus.DeviceNumberOf(major, minor))) : Errno.Invalid;
    }

    public Errno MakeSymbolicLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        byte* text = stackalloc byte[CName.Size];
        byte* content = stackalloc byte[4096];
        if (!CName.CopyEntry(name, text) || target.Contains((byte)0))
            return Errno.Invalid;
        if (target.Length > 4095)
            return Errno.NameTooLong;
        target.CopyTo(new(content, 4096));
        content[target.Length] = 0;
        return Libc.Check(Libc.symlinkat(content, Descriptor, text));
    }

    /// <summary>Another name here for the file <paramref name="name"/> of <paramref name="source"/>.</summary>
    public Errno Link(DirectoryHandle source, ReadOnlySpan<byte> name, ReadOnlySpan<byte> newName)
    {
        byte* from = stackalloc byte[CName.Size];
        byte* to = stackalloc byte[CName.Size];
        return CName.CopyEntry(name, from) && CName.CopyEntry(newName, to)
            ? Libc.Check(Libc.linkat(source.Descriptor, from, Descriptor, to, 0)) : Errno.Invalid;
    }

    /// <summary>Gives a file its final name within this directory; <see cref="Errno.Exists"/> where that is taken and not to be replaced.</summary>
    public Errno Rename(ReadOnlySpan<byte> name, ReadOnlySpan<byte> newName, bool replace)
    {
        byte* from = stackalloc byte[CName.Size];
        byte* to = stackalloc byte[CName.Size];
        if (!CName.CopyEntry(name, from) || !CName.CopyEntry(newName, to))
            return Errno.Invalid;
        Errno error = Libc.Check(Libc.renameat2(Descriptor, from, Descriptor, to, replace ? 0 : Libc.RenameNoReplace));
        if (replace || error is not (Errno.Invalid or Errno.NotImplemented or Errno.NotSupported))
            return error;
        // Some filesystems (NFS, FUSE) cannot promise that. A hard link can; without those only a look beforehand is left.
        error = Libc.Check(Libc.linkat(Descriptor, from, Descriptor, to, 0));
        if (error == Errno.None)
            return Remove(name);
        if (error == Errno.Exists || Status(newName, out _) != Errno.NoEntry)
            return Errno.Exists;
        return Libc.Check(Libc.renameat2(Descriptor, from, Descriptor, to, 0));
    }

    public Errno Remove(ReadOnlySpan<byte> name)
    {
        byte* text = stackalloc byte[CName.Size];
        return CName.CopyEntry(name, text) ? Libc.Check(Libc.unlinkat(Descriptor, text, 0)) : Errno.Invalid;
    }

    /// <summary>Removes an empty directory.</summary>
    public Errno RemoveDirectory(ReadOnlySpan<byte> name)
    {
        const int RemoveDirectoryFlag = 0x200;
        byte* text = stackalloc byte[CName.Size];
        return CName.CopyEntry(name, text) ? Libc.Check(Libc.unlinkat(Descriptor, text, RemoveDirectoryFlag)) : Errno.Invalid;
    }

    /// <summary>Removes an entry and, where it is a directory, all that is in it; links are removed, not followed.</summary>
    public Errno RemoveTree(ReadOnlySpan<byte> name)
    {
        Errno error = Remove(name);
        if (error == Errno.None || OpenDirectory(name, out DirectoryHandle? inside) != Errno.None)
            return error;
        using (inside)
            foreach (ByteString entry in inside!.Names())
                inside.RemoveTree(entry.Span);
        return RemoveDirectory(name);
    }

    /// <summary>Of the entry itself, were it a symbolic link.</summary>
    public Errno Status(ReadOnlySpan<byte> name, out FileStatus status)
    {
        byte* text = stackalloc byte[CName.Size];
        byte* buffer = stackalloc byte[FileStatus.Length];
        status = default;
        if (!CName.CopyEntry(name, text))
            return Errno.Invalid;
        Errno error = Libc.Check(Libc.statx(Descriptor, text, Libc.AtSymlinkNoFollow, FileStatus.Mask, buffer));
        if (error == Errno.None)
            status = FileStatus.Parse(new(buffer, FileStatus.Length));
        return error;
    }

    public Errno SetOwner(ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        byte* text = stackalloc byte[CName.Size];
        return CName.CopyEntry(name, text) ? Libc.Check(Libc.fchownat(Descriptor, text, uid, gid, Libc.AtSymlinkNoFollow)) : Errno.Invalid;
    }

    public Errno SetMode(ReadOnlySpan<byte> name, int permissions)
    {
        byte* text = stackalloc byte[CName.Size];
        return CName.CopyEntry(name, text)
            ? Libc.Check(Libc.fchmodat(Descriptor, text, (uint)permissions, Libc.AtSymlinkNoFollow)) : Errno.Invalid;
    }

    public Errno SetTimes(ReadOnlySpan<byte> name, Timestamp accessed, Timestamp modified)
    {
        byte* text = stackalloc byte[CName.Size];
        long* times = stackalloc long[] { accessed.Seconds, accessed.Nanoseconds, modified.Seconds, modified.Nanoseconds };
        return CName.CopyEntry(name, text) ? Libc.Check(Libc.utimensat(Descriptor, text, times, Libc.AtSymlinkNoFollow)) : Errno.Invalid;
    }

    /// <summary>Of an entry that cannot be opened (a symbolic link, a device): through /proc, whose link leads to this directory and no further.</summary>
    public Errno SetAttribute(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        byte* path = stackalloc byte[EntryPathSize];
        byte* text = stackalloc byte[CName.Size];
        if (!EntryPath(entry, path) || !CName.Copy(name, text))
            return Errno.Invalid;
        fixed (byte* data = value)
            return Libc.Check(Libc.lsetxattr(path, text, data, (nuint)value.Length, 0));
    }

    /// <summary>The names in it, without "." and "..", in the order the kernel gives them.</summary>
    public IEnumerable<ByteString> Names()
    {
        Errno error = OpenSelf(out DirectoryHandle? again);
        if (error != Errno.None)
            throw error.Failed("a folder of the destination");
        using (again)
        {
            var buffer = new byte[32768];
            while (again!.Fill(buffer) is int length and > 0)
                for (int at = 0; at < length; at += MemoryMarshal.Read<ushort>(buffer.AsSpan(at + 16)))
                {
                    // struct linux_dirent64: u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type, d_name up to a zero.
                    ReadOnlySpan<byte> name = buffer.AsSpan(at + 19);
                    name = name[..name.IndexOf((byte)0)];
                    if (CName.IsEntry(name))
                        yield return new(name);
                }
        }
    }

    private int Fill(byte[] buffer)
    {
        fixed (byte* start = buffer)
            return (int)Libc.getdents64(Descriptor, start, (nuint)buffer.Length);
    }

    private Errno OpenSelf(out DirectoryHandle? directory)
    {
        byte* dot = stackalloc byte[] { (byte)'.', 0 };
        return Opened(Libc.openat(Descriptor, dot, Libc.DirectoryOnly | Libc.CloseOnExec, 0), out directory);
    }

    private static Errno Opened(int fd, out DirectoryHandle? directory)
    {
        directory = fd < 0 ? null : new(fd);
        return Libc.Check(fd);
    }
}
