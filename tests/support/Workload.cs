using System.Runtime.InteropServices;
using Jumpbag.Core;
using Xunit;

namespace Jumpbag.Tests.Support;

/// <summary>
/// Random changes to a mounted filesystem, the same for the same seed, most of them flushed one by one, then the
/// filesystem's end without unmounting: what is on the disk is in part in the journal only.
/// </summary>
public sealed partial class Workload(string folder, int seed, int blockSize)
{
    private readonly Random random = new(seed);
    private readonly List<ByteString> files = [], folders = [ByteString.FromText(folder)];
    private int made;

    /// <summary>
    /// Whether a file is open without a name at the end. The kernel cannot replay fast commits with one: it refuses to mount.
    /// </summary>
    public bool LeaveOrphan { get; init; } = true;

    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
            Step();
    }

    /// <summary>Ends the filesystem at once: 1 writes out the journal first, 2 nothing.</summary>
    public unsafe void ShutDown(uint how)
    {
        const nuint FS_IOC_GOINGDOWN = 0x8004_587D;
        int? orphan = LeaveOrphan ? MakeOrphan() : null;
        int fd = Posix.Open(ByteString.FromText(folder), Posix.ReadOnly);
        int result = ioctl(fd, FS_IOC_GOINGDOWN, &how);
        Posix.Close(fd);
        if (orphan is { } open)
            Posix.Close(open);
        Assert.SkipUnless(result == 0, "this kernel's ext4 has no shutdown");
    }

    private int MakeOrphan()
    {
        ByteString path = NewName();
        int fd = Posix.Open(path, 0x42);
        Write(fd, 0, 3 * blockSize);
        Posix.Flush(fd);
        Posix.RemoveFile(path);
        Posix.Flush(fd);
        return fd;
    }

    private void Step()
    {
        int kind = random.Next(100);
        if (kind < 40 || files.Count == 0)
            Create();
        else if (kind < 55)
            Change(Pick(files), append: true);
        else if (kind < 65)
            Change(Pick(files), append: false);
        else if (kind < 70)
            Punch(Pick(files));
        else if (kind < 78)
            Remove();
        else if (kind < 84)
            Rename();
        else if (kind < 88)
            Link();
        else if (kind < 93)
            MakeFolder();
        else if (kind < 96)
            RemoveFolder();
        else if (kind < 98)
            Posix.ChangeMode(Pick(files), (uint)random.Next(0x200));
        else
            Posix.SetExtendedAttribute(Pick(files), ByteString.FromText($"user.a{random.Next(3)}"), Bytes(random.Next(1, 300)));
    }

    private void Create()
    {
        ByteString path = NewName();
        if (random.Next(12) == 0)
        {
            Posix.MakeSymlink(ByteString.FromText(new string('t', random.Next(1, 120))), path);
            return;
        }
        int fd = Posix.Open(path, 0x42);
        Write(fd, 0, random.Next(0, 12) * blockSize / 2 + random.Next(100));
        Finish(fd);
        files.Add(path);
    }

    private void Change(ByteString path, bool append)
    {
        int fd = Posix.Open(path, 2);
        long size = Posix.Status(path).Size;
        if (append)
            Write(fd, size + random.Next(3) * blockSize, random.Next(1, 5 * blockSize));
        else if (random.Next(2) == 0)
            Posix.Truncate(fd, random.NextInt64(size + 1));
        else
            Write(fd, random.NextInt64(size + 1), random.Next(1, 2 * blockSize));
        Finish(fd);
    }

    /// <summary>Holes and preallocated ranges; ext3 has neither.</summary>
    private void Punch(ByteString path)
    {
        const int keepSize = 1, punchHole = 2, zeroRange = 0x10;
        int fd = Posix.Open(path, 2);
        long size = Posix.Status(path).Size;
        try
        {
            int mode = random.Next(3) switch { 0 => keepSize | punchHole, 1 => zeroRange, _ => 0 };
            Posix.Allocate(fd, mode, random.NextInt64(size + 1), random.Next(1, 6 * blockSize));
        }
        catch (PosixException)
        {
        }
        Finish(fd);
    }

    private void Remove()
    {
        int index = random.Next(files.Count);
        Posix.RemoveFile(files[index]);
        files.RemoveAt(index);
    }

    private void Rename()
    {
        int index = random.Next(files.Count);
        bool over = random.Next(3) == 0 && files.Count > 1;
        ByteString to = over ? files[(index + 1) % files.Count] : NewName();
        File.Move(files[index].ToString(), to.ToString(), overwrite: true);
        ByteString from = files[index];
        files.RemoveAll(f => f == from || f == to);
        files.Add(to);
        FlushFile(to);
    }

    private void Link()
    {
        ByteString path = NewName();
        Posix.MakeHardLink(Pick(files), path);
        files.Add(path);
        FlushFile(path);
    }

    private void MakeFolder()
    {
        ByteString path = NewName();
        Posix.MakeDirectory(path);
        folders.Add(path);
    }

    /// <summary>Its blocks are revoked, and soon hold data.</summary>
    private void RemoveFolder()
    {
        if (folders.Count < 3)
            return;
        ByteString path = folders[random.Next(1, folders.Count)];
        Directory.Delete(path.ToString(), recursive: true);
        bool Inside(ByteString other) => other.ToString() == path.ToString() || other.ToString().StartsWith(path + "/", StringComparison.Ordinal);
        folders.RemoveAll(Inside);
        files.RemoveAll(Inside);
    }

    private ByteString NewName() =>
        Pick(folders).Join(ByteString.FromText($"n{made++}{new string('x', random.Next(8) == 0 ? random.Next(200) : random.Next(10))}"));

    private ByteString Pick(List<ByteString> list) => list[random.Next(list.Count)];

    private void Write(int fd, long offset, int length)
    {
        byte[] content = Bytes(length);
        // Such a block must be escaped where data goes through the journal.
        for (int at = 0; at + 4 <= length; at += blockSize)
            if (random.Next(3) == 0)
                ((ReadOnlySpan<byte>)[0xC0, 0x3B, 0x39, 0x98]).CopyTo(content.AsSpan(at));
        Posix.Write(fd, content, offset);
    }

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private void Finish(int fd)
    {
        if (random.Next(4) > 0)
            Posix.Flush(fd);
        Posix.Close(fd);
    }

    private void FlushFile(ByteString path)
    {
        int fd = Posix.Open(path, Posix.ReadOnly);
        Finish(fd);
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int ioctl(int fd, nuint request, uint* value);
}
