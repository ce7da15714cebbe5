using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>mount(2) and umount2(2).</summary>
public static unsafe class KernelMount
{
    // <sys/mount.h>
    private const ulong ReadOnly = 1, NoSuid = 2, NoDevices = 4;
    private const int Detach = 2, NoFollow = 8;

    /// <summary>
    /// Mounts a device read-only, with no power in its set-user-ID bits and device files. The kernel may still write to the
    /// device, to replay a journal, unless the device itself is read-only.
    /// </summary>
    /// <param name="options">The filesystem's own, with commas: "nouuid".</param>
    public static Errno Mount(string device, MountDirectory target, string type, string options)
    {
        fixed (byte* source = Terminated(device), path = Terminated(target.ThroughDescriptor), name = Terminated(type), data = Terminated(options))
            return Libc.Check(Libc.mount(source, path, name, ReadOnly | NoSuid | NoDevices, data));
    }

    /// <summary>Takes off what is on top at a path.</summary>
    /// <param name="lazily">Out of sight now, and off once nobody uses it any more.</param>
    public static Errno Unmount(ByteString path, bool lazily)
    {
        fixed (byte* text = (byte[])[.. path.Span, 0])
            return Libc.Check(Libc.umount2(text, NoFollow | (lazily ? Detach : 0)));
    }

    private static byte[] Terminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];
}
