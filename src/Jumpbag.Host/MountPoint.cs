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
    public static ByteString Check(ByteString folder)
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
        if (MountEntry.At(path) is { Type: "fuse.jumpbag" } there)
            throw new UnsupportedException($"{folder}: {there.Source} is mounted there already", $"'jumpbag umount {folder}' ends that");
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
}
