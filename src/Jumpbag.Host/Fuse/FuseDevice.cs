using Jumpbag.Core;

namespace Jumpbag.Host.Fuse;

/// <summary>/dev/fuse, and how a descriptor of it becomes a mount.</summary>
internal static unsafe class FuseDevice
{
    private const string Path = "/dev/fuse";

    /// <summary>_IOR(229, 0, uint32_t): makes this descriptor another way to the connection of that one.</summary>
    private const nuint CloneRequest = 0x8004E500;

    public static Errno Open(out int device)
    {
        using var path = new CStrings([ByteString.FromText(Path)]);
        device = Libc.openat(Libc.AtCurrentDirectory, path.Pointers[0], Libc.ReadWrite | Libc.CloseOnExec, 0);
        return Libc.Check(device);
    }

    /// <summary>Another descriptor of the same connection, with a queue of its own for what is being worked on; null where the kernel can't.</summary>
    public static int? Clone(int connection)
    {
        if (Open(out int clone) != Errno.None)
            return null;
        if (Libc.ioctl(clone, CloneRequest, &connection) == 0)
            return clone;
        _ = Libc.close(clone);
        return null;
    }

    /// <summary>Mounts by the system call, as root may.</summary>
    /// <returns><see cref="Errno.NotPermitted"/> where this user, or the container, may not.</returns>
    public static Errno Mount(ByteString folder, FuseMountOptions options, out int device)
    {
        Errno error = Open(out device);
        if (error != Errno.None)
            throw error == Errno.NoEntry
                ? new UnsupportedException($"{Path}: there is none", "'modprobe fuse' loads the kernel's part, where there is one")
                : error.Failed(Path, "in a container it has to be allowed, such as by 'docker run --device /dev/fuse --cap-add SYS_ADMIN'");
        // The numbers are of the one who alone may look at it, where others aren't let in.
        string data = $"fd={device},rootmode=40000,user_id={Libc.geteuid()},group_id={Libc.getegid()}"
            + (options.AllowOther ? ",allow_other" : "") + (options.DefaultPermissions ? ",default_permissions" : "");
        using var strings = new CStrings([options.Source, folder, ByteString.FromText(FuseMount.Type), ByteString.FromText(data)]);
        nuint flags = Libc.MountNoSetUid | Libc.MountNoDevices | (options.Writable ? 0 : Libc.MountReadOnly);
        error = Libc.Check(Libc.mount(strings.Pointers[0], strings.Pointers[1], strings.Pointers[2], flags, strings.Pointers[3]));
        if (error != Errno.None)
            _ = Libc.close(device);
        return error;
    }
}
