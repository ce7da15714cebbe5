using Jumpbag.Core;

namespace Jumpbag.Tests.Support;

/// <summary>
/// A tree of files that leaves out little of what a Linux filesystem can hold, the same for the same seed. What the
/// filesystem or the kernel refuses (an attribute that is too large, fallocate on ext3) is simply not there: the result
/// is whatever the kernel then shows.
/// </summary>
public sealed partial class RandomTree
{
    private readonly Random random;
    private readonly List<ByteString> files = [], all = [];
    private ByteString top;

    /// <summary>Of the filesystem that is filled: the interesting sizes are around it.</summary>
    private int blockSize;

    public RandomTree(int seed) => random = new(seed);

    /// <summary>Names in the widest directory.</summary>
    public int WideNames { get; init; } = 400;

    /// <summary>Extents of the most scattered file.</summary>
    public int Scattered { get; init; } = 600;

    /// <summary>Of sparse files; less where the filesystem can't hold it.</summary>
    public long LargestFile { get; init; } = 1L << 43;

    /// <summary>Whether to make what only root may.</summary>
    public bool Privileged { get; init; } = Environment.IsPrivilegedProcess;

    /// <summary>
    /// Whether the tree is for mke2fs -d: without sockets, which that leaves out, hard links of symbolic links, which it splits,
    /// holes at the end, which it drops, and attributes larger than a block, at which it stops; and with nothing that can't be removed again.
    /// </summary>
    public bool ForMke2fs { get; init; }

    public void Fill(string folder)
    {
        top = ByteString.FromText(folder);
        blockSize = Posix.Status(top).BlockSize;
        MakeNames();
        MakeSizes();
        MakeHoles();
        MakeMaps();
        MakeSpecialFiles();
        MakeDeepFolders();
        MakeWideFolder();
        MakeOwnersAndModes();
        MakeAttributes();
        MakeHardLinks();
        RemoveSome();
        SetFlags();
        SetTimes();
    }

    private ByteString Folder(ByteString parent, string name)
    {
        ByteString path = parent.Join(ByteString.FromText(name));
        Posix.MakeDirectory(path);
        all.Add(path);
        return path;
    }

    private ByteString WriteFile(ByteString folder, ByteString name, params ReadOnlySpan<(long Offset, int Length)> ranges)
    {
        ByteString path = folder.Join(name);
        int fd = Posix.Open(path, Posix.ReadWrite | Posix.Create);
        try
        {
            foreach ((long offset, int length) in ranges)
                Posix.Write(fd, Bytes(length), offset);
        }
        catch (PosixException e) when (e.Errno is Posix.FileTooBig or Posix.NoSpace)
        {
            // This filesystem's files end below; the part that fits stays.
        }
        finally
        {
            Posix.Close(fd);
        }
        files.Add(path);
        all.Add(path);
        return path;
    }

    private ByteString WriteFile(ByteString folder, string name, params ReadOnlySpan<(long Offset, int Length)> ranges) =>
        WriteFile(folder, ByteString.FromText(name), ranges);

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private ByteString RandomName(int length)
    {
        byte[] name = Bytes(length);
        foreach (ref byte b in name.AsSpan())
            b = b is 0 or (byte)'/' ? (byte)'_' : random.Next(3) == 0 ? b : (byte)('a' + (b % 26));
        return name is [(byte)'.'] or [(byte)'.', (byte)'.'] ? new("dots"u8) : new(name);
    }

    private void MakeNames()
    {
        ByteString folder = Folder(top, "names");
        foreach (string name in new[] { "-rf", " leading", "trailing ", "new\nline", "tab\t", @"back\slash", "a:b@c", "é", "…", "~", "*", "'\"", "\u001b[31m", "...", "..x" })
            WriteFile(folder, name, (0, 10));
        WriteFile(folder, new ByteString([0xFF, 0xFE]), (0, 3));
        WriteFile(folder, new ByteString([0xC3, 0x28, (byte)'x']), (0, 3));
        foreach (int length in new[] { 1, 2, 3, 4, 5, 7, 8, 9, 100, 247, 248, 249, 250, 251, 252, 253, 254, 255 })
            WriteFile(folder, RandomName(length), (0, length));
    }

    private void MakeSpecialFiles()
    {
        ByteString folder = Folder(top, "special");
        foreach (int length in new[] { 1, 2, 58, 59, 60, 61, 100, 155, 156, 157, 255, 256, 1000, blockSize - 2, blockSize - 1, 4095 }.Where(length => length < Math.Min(4096, blockSize)).Distinct())
            Symlink(folder, $"link{length}", Target(length));
        Symlink(folder, "absolute", ByteString.FromText("/etc/passwd"));
        Symlink(folder, "dangling", ByteString.FromText("../../nowhere"));
        Symlink(folder, "itself", ByteString.FromText("itself"));
        Symlink(folder, "not-utf8", new([0xFE, 0xFF, (byte)'/', 0x80]));
        MakeNode(folder, "fifo", Posix.Fifo);
        if (!ForMke2fs)
            MakeNode(folder, "socket", Posix.Socket);
        if (!Privileged)
            return;
        foreach ((uint major, uint minor) in new[] { (0u, 0u), (1u, 3u), (8u, 255u), (8u, 256u), (255u, 255u), (256u, 0u), (259u, 1048575u), (4095u, 1048575u) })
        {
            MakeNode(folder, $"character{major}-{minor}", Posix.CharacterDevice, major, minor);
            MakeNode(folder, $"block{major}-{minor}", Posix.BlockDevice, major, minor);
        }
    }

    private static bool IsSpecial(ByteString path) => path.Span.IndexOf("/special/"u8) > 0;

    private void MakeNode(ByteString folder, string name, uint type, uint major = 0, uint minor = 0)
    {
        ByteString path = folder.Join(ByteString.FromText(name));
        Posix.MakeNode(path, type | 0x1A4, major, minor);
        all.Add(path);
    }

    private void Symlink(ByteString folder, string name, ByteString target)
    {
        ByteString path = folder.Join(ByteString.FromText(name));
        Posix.MakeSymlink(target, path);
        all.Add(path);
    }

    private ByteString Target(int length)
    {
        byte[] target = RandomName(length).Span.ToArray();
        for (int i = 50; i < length - 1; i += 51)
            target[i] = (byte)'/';
        return new(target);
    }

    private void MakeDeepFolders()
    {
        ByteString folder = Folder(top, "deep");
        for (int depth = 0; depth < 40; depth++)
        {
            ByteString next = folder.Join(RandomName(random.Next(1, 60)));
            Posix.MakeDirectory(next);
            all.Add(next);
            WriteFile(folder, $"file{depth}", (0, random.Next(200)));
            folder = next;
        }
        ByteString empty = Folder(top, "empty");
        for (int i = 0; i < 12; i++)
            Folder(empty, $"{i}");
    }

    /// <summary>Names that share long beginnings, names of any bytes, and gaps where some were removed again.</summary>
    private void MakeWideFolder()
    {
        ByteString folder = Folder(top, "wide");
        var made = new List<ByteString>();
        for (int i = 0; i < WideNames; i++)
        {
            ByteString name = (i % 3) switch
            {
                0 => ByteString.FromText($"file-with-a-long-common-beginning-{i:d8}"),
                1 => ByteString.FromText($"{i}"),
                _ => new([.. ByteString.FromText($"{i}-").Span, .. RandomName(random.Next(1, 80)).Span]),
            };
            ByteString path = folder.Join(name);
            Posix.MakeNode(path, Posix.Regular | 0x1A4);
            made.Add(path);
        }
        ByteString[] removed = [.. made.Where(_ => random.Next(5) == 0)];
        foreach (ByteString path in removed)
            Posix.RemoveFile(path);
        all.AddRange(made.Except(removed));
    }

    /// <summary>Freed inodes and blocks are reused, and stale bytes stay behind.</summary>
    private void RemoveSome()
    {
        foreach (ByteString path in files.Where(_ => random.Next(12) == 0).ToArray())
        {
            Posix.RemoveFile(path);
            all.Remove(path);
            files.Remove(path);
        }
    }

    private static void Change(ByteString path, Action<int> change) => Change(path, Posix.ReadWrite, change);

    private static void Change(ByteString path, int flags, Action<int> change)
    {
        int fd = Posix.Open(path, flags);
        try
        {
            Tolerate(() => change(fd));
        }
        finally
        {
            Posix.Close(fd);
        }
    }

    /// <summary>What this filesystem can't hold is not in the tree.</summary>
    private static void Tolerate(Action change)
    {
        try
        {
            change();
        }
        catch (PosixException e) when (e.Errno is Posix.NoSpace or Posix.NotSupported or Posix.FileTooBig or Posix.Invalid or Posix.OutOfRange
            or Posix.TooBig or Posix.NoTty or Posix.NotPermitted or Posix.NameTooLong or Posix.TooManyLinks)
        {
        }
    }
}
