using System.Globalization;
using System.Runtime.CompilerServices;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// A directory to mount on, held open, so that no name that changes and no symbolic link in between leads elsewhere.
/// </summary>
public sealed unsafe class MountDirectory : IDisposable
{
    // struct open_how: u64 flags, mode, resolve; <linux/openat2.h>
    private const ulong ResolveNoMagicLinks = 2, ResolveInRoot = 0x10;

    private int descriptor;

    private MountDirectory(int descriptor) => this.descriptor = descriptor;

    /// <summary>The way to it that the kernel follows without names.</summary>
    public string ThroughDescriptor => "/proc/self/fd/" + descriptor.ToString(CultureInfo.InvariantCulture);

    /// <summary>Where it is, by the kernel's word.</summary>
    public ByteString Path
    {
        get
        {
            byte* buffer = stackalloc byte[4096];
            fixed (byte* link = (byte[])[.. System.Text.Encoding.ASCII.GetBytes(ThroughDescriptor), 0])
            {
                nint length = Libc.readlink(link, buffer, 4096);
                return length < 0 ? throw Libc.LastError.Failed(ThroughDescriptor) : new(new ReadOnlySpan<byte>(buffer, (int)length));
            }
        }
    }

    /// <exception cref="FailedException">It is not there or no directory.</exception>
    public static MountDirectory Open(string path)
    {
        fixed (byte* text = (byte[])[.. ByteString.FromArgument(path).Span, 0])
        {
            int fd = Libc.openat(Libc.AtCurrentDirectory, text, Libc.PathOnly | Libc.DirectoryOnly | Libc.CloseOnExec, 0);
            return fd >= 0 ? new(fd) : throw Libc.LastError.Failed(path);
        }
    }

    /// <summary>
    /// A directory below a root, as a process in a chroot there would find it: absolute symbolic links start at that root, and
    /// none leads out of it, whatever a hostile guest has put there.
    /// </summary>
    /// <returns>The error, for what is not there: <see cref="Errno.NotImplemented"/> before Linux 5.6.</returns>
    public static Errno OpenBelow(string root, ByteString path, out MountDirectory? found) => Below(root, path, Libc.PathOnly | Libc.DirectoryOnly, out found);

    /// <summary>The beginning of a regular file below a root, found in the same way; null where there is none.</summary>
    public static byte[]? ReadBelow(string root, ByteString path, int most)
    {
        if (Below(root, path, Libc.NonBlocking, out MountDirectory? file) != Errno.None)
            return null;
        using (file)
        using (var handle = new FileHandle(Interlocked.Exchange(ref file!.descriptor, -1)))
        {
            if (handle.Status(out FileStatus status) != Errno.None || !status.IsRegular)
                return null;
            var content = new byte[Math.Min(status.Size, most)];
            return content[..handle.Read(content, 0)];
        }
    }

    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref descriptor, -1);
        if (fd >= 0)
            _ = Libc.close(fd);
    }

    [SkipLocalsInit]
    private static Errno Below(string root, ByteString path, int flags, out MountDirectory? found)
    {
        found = null;
        using MountDirectory top = Open(root);
        ulong* how = stackalloc ulong[3];
        how[0] = (ulong)(flags | Libc.CloseOnExec);
        how[1] = 0;
        how[2] = ResolveInRoot | ResolveNoMagicLinks;
        fixed (byte* text = (byte[])[.. path.Span, 0])
        {
            nint fd = Libc.syscall(Libc.OpenAt2, top.descriptor, text, how, 3 * sizeof(ulong));
            if (fd < 0)
                return Libc.LastError;
            found = new((int)fd);
            return Errno.None;
        }
    }
}
