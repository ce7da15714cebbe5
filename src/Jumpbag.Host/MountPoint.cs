using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>A folder of this machine that something is to be mounted on, or is.</summary>
public static unsafe class MountPoint
{
    /// <summary>The whole path of a folder, links resolved, as the mount table has it. Of a mount whose server died, too.</summary>
    public static Errno RealPath(ByteString folder, out ByteString path)
    {
        path = default;
        using var text = new CStrings([folder]);
        int fd = Libc.openat(Libc.AtCurrentDirectory, text.Pointers[0], Libc.PathOnly | Libc.DirectoryOnly | Libc.CloseOnExec, 0);
        if (fd < 0)
            return Libc.LastError;
        using var link = new CStrings([ByteString.FromText($"/proc/self/fd/{fd}")]);
        byte* buffer = stackalloc byte[4096];
        nint length = Libc.readlinkat(Libc.AtCurrentDirectory, link.Pointers[0], buffer, 4096);
        Errno error = Libc.Check(length);
        _ = Libc.close(fd);
        if (error == Errno.None)
            path = new(new ReadOnlySpan<byte>(buffer, (int)length));
        return error;
    }

    /// <summary>Looks whether something can sensibly be mounted there, and gives the whole path.</summary>
    /// <exception cref="NotFoundException">It is not there.</exception>
    /// <exception cref="UnsupportedException">It is in use, or has files that the mount would hide.</exception>
    /// <param name="hiding">Whether it may have files.</param>
    public static ByteString Check(ByteString folder, bool hiding = false)
    {
        Errno error = RealPath(folder, out ByteString path);
        switch (error)
        {
            case Errno.None:
                break;
            case Errno.NoEntry:
                throw new NotFoundException($"{folder}: no such folder", $"'mkdir {folder}' makes it");
            case Errno.NotDirectory:
                throw new NotFoundException($"{folder}: is not a folder");
            default:
                throw error.Failed(folder.ToString());
        }
        if (MountEntry.At(path) is { Type: Fuse.FuseMount.Type } there)
            throw new UnsupportedException($"{folder}: {there.Source} is mounted there already", $"'jumpbag umount {folder}' ends that");
        if (hiding)
            return path;
        error = DirectoryHandle.Open(path, out DirectoryHandle? opened);
        error.ThrowIfFailed(folder.ToString());
        using (opened)
            if (opened!.Names().Any())
                throw new UnsupportedException($"{folder}: the folder is not empty, and a mount would hide what is in it", "give a folder that is empty");
        return path;
    }

    public static Errno Unmount(ByteString path, bool force = false, bool detach = false)
    {
        using var text = new CStrings([path]);
        return Libc.Check(Libc.umount2(text.Pointers[0], Libc.UnmountNoFollow | (force ? Libc.UnmountForce : 0) | (detach ? Libc.UnmountDetach : 0)));
    }

    /// <summary>
    /// Mounts a block device read-only, with neither its set-user-ID bits nor its devices in force.
    /// </summary>
    /// <param name="below">A path in <paramref name="folder"/>, links in which lead nowhere outside of it, or "/" for itself.</param>
    public static Errno Mount(string device, ByteString folder, ByteString below, string type, string options)
    {
        using var strings = new CStrings([ByteString.FromText(device), folder, ByteString.FromText(type), ByteString.FromText(options), new(below.Span.TrimStart((byte)'/'))]);
        byte* target = strings.Pointers[1];
        nuint flags = Libc.MountReadOnly | Libc.MountNoSetUid | Libc.MountNoDevices;
        if (*strings.Pointers[4] == 0)
            return Libc.Check(Libc.mount(strings.Pointers[0], target, strings.Pointers[2], flags, strings.Pointers[3]));
        int top = Libc.openat(Libc.AtCurrentDirectory, target, Libc.PathOnly | Libc.DirectoryOnly | Libc.CloseOnExec, 0);
        if (top < 0)
            return Libc.LastError;
        ulong* how = stackalloc ulong[] { (ulong)(Libc.PathOnly | Libc.DirectoryOnly | Libc.CloseOnExec), 0, Libc.ResolveInRoot };
        var inside = (int)Libc.syscall(Libc.OpenAt2, top, strings.Pointers[4], how, 3 * sizeof(ulong));
        Errno error = Libc.Check(inside);
        _ = Libc.close(top);
        if (error != Errno.None)
            return error;
        using var there = new CStrings([ByteString.FromText($"/proc/self/fd/{inside}")]);
        error = Libc.Check(Libc.mount(strings.Pointers[0], there.Pointers[0], strings.Pointers[2], flags, strings.Pointers[3]));
        _ = Libc.close(inside);
        return error;
    }
}
