using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Tests.Support;

/// <summary>Walks a folder through the kernel.</summary>
internal static class FolderReader
{
    public static IEnumerable<(ByteString, TreeEntry)> Walk(ByteString top)
    {
        (uint, uint) device = Posix.Status(top).Device;
        var waiting = new Stack<ByteString>([ByteString.Empty]);
        while (waiting.TryPop(out ByteString relative))
        {
            ByteString path = relative.IsEmpty ? top : top.Join(relative);
            TreeEntry entry = Read(path);
            yield return (relative, entry);
            if (entry.Type == FileType.Directory && Posix.Status(path).Device == device)
                foreach (ByteString name in Posix.List(path))
                    waiting.Push(relative.Join(name));
        }
    }

    private static TreeEntry Read(ByteString path)
    {
        PosixStatus status = Posix.Status(path);
        FileType type = TypeOf(status.Mode);
        var entry = new TreeEntry
        {
            Type = type,
            Permissions = (int)(status.Mode & 0xFFF),
            Uid = status.Uid,
            Gid = status.Gid,
            Size = status.Size,
            Links = status.Links,
            Inode = status.Inode,
            Allocated = status.Blocks * 512,
            DeviceMajor = status.Major,
            DeviceMinor = status.Minor,
            Accessed = status.Accessed,
            Modified = status.Modified,
            Changed = status.Changed,
            Born = status.Born,
            ExtendedAttributes = Posix.ExtendedAttributes(path),
        };
        return type switch
        {
            FileType.SymbolicLink => entry with { Target = Posix.ReadLink(path) },
            FileType.Regular or FileType.Directory => WithContent(entry, path),
            _ => entry,
        };
    }

    private static TreeEntry WithContent(TreeEntry entry, ByteString path)
    {
        int fd;
        try
        {
            fd = Posix.Open(path, Posix.ReadOnly | Posix.NoFollow | Posix.NoAccessTime);
        }
        catch (PosixException e)
        {
            return entry with { Content = $"unreadable: {e.Message}" };
        }
        try
        {
            string flags = FileFlags.Letters(Flags(fd));
            if (entry.Type == FileType.Directory)
                return entry with { Flags = flags };
            // All seeks come before the first read: a page that was read counts as data to the kernel, even over unwritten blocks.
            Posix.ForgetPages(fd);
            var ranges = new RangeList();
            var data = new List<(long Start, long End)>();
            for (long at = 0; Posix.Seek(fd, at, data: true) is long start; at = data[^1].End)
            {
                data.Add((start, Posix.Seek(fd, start, data: false) ?? entry.Size));
                ranges.Add(start, data[^1].End);
            }
            var hash = new ContentHash();
            byte[] buffer = new byte[1 << 20];
            foreach ((long start, long end) in data)
                for (long offset = start; offset < end;)
                {
                    int count = Posix.Read(fd, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset)), offset);
                    if (count == 0)
                        break;
                    hash.Add(offset, buffer.AsSpan(0, count));
                    offset += count;
                }
            return entry with { Flags = flags, Content = hash.ToString(), DataRanges = ranges.ToString() };
        }
        catch (PosixException e)
        {
            return entry with { Content = $"unreadable: {e.Message}" };
        }
        finally
        {
            Posix.Close(fd);
        }
    }

    /// <summary>Not every filesystem has them.</summary>
    private static uint Flags(int fd)
    {
        try
        {
            return Posix.GetFlags(fd);
        }
        catch (PosixException e) when (e.Errno is Posix.NoTty or Posix.NotSupported)
        {
            return 0;
        }
    }

    private static FileType TypeOf(uint mode) => (mode & Posix.TypeMask) switch
    {
        Posix.Regular => FileType.Regular,
        Posix.Directory => FileType.Directory,
        Posix.Symlink => FileType.SymbolicLink,
        Posix.CharacterDevice => FileType.CharacterDevice,
        Posix.BlockDevice => FileType.BlockDevice,
        Posix.Fifo => FileType.Fifo,
        Posix.Socket => FileType.Socket,
        _ => FileType.Unknown,
    };
}
