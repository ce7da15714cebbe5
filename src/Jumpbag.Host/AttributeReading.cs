using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>Extended attributes as listxattr(2) and getxattr(2) give them.</summary>
public static unsafe class AttributeReading
{
    /// <summary>The kernel's own limit of a list and of a value (XATTR_LIST_MAX, XATTR_SIZE_MAX).</summary>
    private const int Most = 1 << 16;

    /// <summary>Of a path that a person named; of a symbolic link at its end itself.</summary>
    public static Errno Of(ByteString path, List<(ByteString Name, byte[] Value)> attributes, Action<ByteString, Errno> unread)
    {
        fixed (byte* text = (byte[])[.. path.Span, 0])
            return OfPath(text, attributes, unread);
    }

    internal static Errno OfPath(byte* path, List<(ByteString Name, byte[] Value)> attributes, Action<ByteString, Errno> unread)
    {
        nint size = Libc.llistxattr(path, null, 0);
        if (size == 0)
            return Errno.None;
        if (size < 0)
            return None(Libc.LastError);
        byte* list = stackalloc byte[Most];
        size = Libc.llistxattr(path, list, Most);
        return size < 0 ? None(Libc.LastError) : Read(new(list, (int)size), path, -1, attributes, unread);
    }

    internal static Errno OfFile(int fd, List<(ByteString Name, byte[] Value)> attributes, Action<ByteString, Errno> unread)
    {
        nint size = Libc.flistxattr(fd, null, 0);
        if (size == 0)
            return Errno.None;
        if (size < 0)
            return None(Libc.LastError);
        byte* list = stackalloc byte[Most];
        size = Libc.flistxattr(fd, list, Most);
        return size < 0 ? None(Libc.LastError) : Read(new(list, (int)size), null, fd, attributes, unread);
    }

    private static Errno Read(ReadOnlySpan<byte> list, byte* path, int fd, List<(ByteString Name, byte[] Value)> attributes, Action<ByteString, Errno> unread)
    {
        byte* value = stackalloc byte[Most];
        while (!list.IsEmpty)
        {
            int end = list.IndexOf((byte)0);
            if (end < 0)
                return Errno.Invalid;
            var name = new ByteString(list[..end]);
            nint length;
            fixed (byte* text = list)
                length = path != null ? Libc.lgetxattr(path, text, value, Most) : Libc.fgetxattr(fd, text, value, Most);
            if (length >= 0)
                attributes.Add((name, new ReadOnlySpan<byte>(value, (int)length).ToArray()));
            // One that went meanwhile is none.
            else if (Libc.LastError != Errno.NoData)
                unread(name, Libc.LastError);
            list = list[(end + 1)..];
        }
        return Errno.None;
    }

    /// <summary>A filesystem without attributes has none.</summary>
    private static Errno None(Errno error) => error is Errno.NotSupported or Errno.NotImplemented ? Errno.None : error;
}
