using System.Buffers.Text;
using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>What is read of the entries of a directory.</summary>
public sealed unsafe partial class DirectoryHandle
{
    private const int MostLinkBytes = 1 << 16, EntryPathSize = CName.Size + 32;

    /// <summary>All names in it, without "." and "..", in the order the kernel gives them; those that came before a failure too.</summary>
    public Errno ReadNames(ICollection<ByteString> names)
    {
        Errno error = OpenSelf(out DirectoryHandle? again);
        if (error != Errno.None)
            return error;
        using (again)
        {
            var buffer = new byte[65536];
            while (true)
            {
                int length = again!.Fill(buffer);
                if (length <= 0)
                    return Libc.Check(length);
                for (int at = 0; at < length; at += MemoryMarshal.Read<ushort>(buffer.AsSpan(at + 16)))
                {
                    ReadOnlySpan<byte> name = buffer.AsSpan(at + 19);
                    name = name[..name.IndexOf((byte)0)];
                    if (CName.IsEntry(name))
                        names.Add(new(name));
                }
            }
        }
    }

    /// <summary>Opens a file to be read, without a trace in its access time where that may be; a pipe or a device is not waited for.</summary>
    public Errno OpenToRead(ReadOnlySpan<byte> name, out FileHandle? file)
    {
        const int Flags = Libc.NonBlocking | Libc.NoControllingTerminal | Libc.CloseOnExec;
        byte* text = stackalloc byte[CName.Size];
        file = null;
        if (!CName.CopyEntry(name, text))
            return Errno.Invalid;
        int fd = Libc.openat(Descriptor, text, Flags | Libc.NoFollow | Libc.NoAccessTime, 0);
        // Only the owner may ask for that.
        if (fd < 0 && Libc.LastError == Errno.NotPermitted)
            fd = Libc.openat(Descriptor, text, Flags | Libc.NoFollow, 0);
        file = fd < 0 ? null : new(fd);
        return Libc.Check(fd);
    }

    /// <summary>Where a symbolic link points.</summary>
    public Errno ReadLink(ReadOnlySpan<byte> name, out ByteString target)
    {
        byte* text = stackalloc byte[CName.Size];
        target = default;
        if (!CName.CopyEntry(name, text))
            return Errno.Invalid;
        for (int size = 256; size <= MostLinkBytes; size *= 4)
        {
            var buffer = new byte[size];
            fixed (byte* start = buffer)
            {
                nint length = Libc.readlinkat(Descriptor, text, start, (nuint)size);
                if (length < 0)
                    return Libc.LastError;
                if (length == size)
                    continue;
                target = new(buffer.AsSpan(0, (int)length));
                return Errno.None;
            }
        }
        return Errno.NameTooLong;
    }

    /// <summary>The attributes of an entry (of a symbolic link its own), in the kernel's order; each that cannot be read is told by its name.</summary>
    public Errno ReadAttributes(ReadOnlySpan<byte> entry, List<(ByteString Name, byte[] Value)> attributes, Action<ByteString, Errno> unread)
    {
        // Through /proc, whose link leads to this directory and no further.
        byte* path = stackalloc byte[EntryPathSize];
        return EntryPath(entry, path) ? AttributeReading.OfPath(path, attributes, unread) : Errno.Invalid;
    }

    private bool EntryPath(ReadOnlySpan<byte> entry, byte* path)
    {
        "/proc/self/fd/"u8.CopyTo(new(path, 14));
        if (!Utf8Formatter.TryFormat(Descriptor, new(path + 14, 12), out int digits))
            return false;
        path[14 + digits] = (byte)'/';
        return CName.CopyEntry(entry, path + 15 + digits);
    }
}
