using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// A range of a file or device as a read-only block device of the kernel (loop(4)). It lives as long as someone uses it:
/// this object until it is disposed, then what is mounted from it; the kernel detaches it by itself after the last.
/// </summary>
public sealed unsafe class LoopDevice : IDisposable
{
    /// <summary>What says that a loop device is ours; it stands in place of the file's name, which the kernel tells elsewhere too.</summary>
    private const string Tag = "jumpbag";

    private const nuint GetFree = 0x4C82, Configure = 0x4C0A, GetStatus = 0x4C05;
    private const uint ReadOnly = 1, AutoClear = 4;

    /// <summary>struct loop_config: u32 fd · u32 block_size · struct loop_info64 · u64 reserved[8].</summary>
    private const int ConfigSize = 304, InfoOffset = 8;

    /// <summary>In struct loop_info64: u64 lo_offset, u64 lo_sizelimit, u32 lo_flags, lo_file_name[64]; its size.</summary>
    private const int OffsetOffset = 24, LimitOffset = 32, FlagsOffset = 52, NameOffset = 56, InfoSize = 232;

    private const int MostTries = 20;

    private readonly int descriptor;

    private LoopDevice(int descriptor, string path)
    {
        this.descriptor = descriptor;
        Path = path;
    }

    /// <summary>"/dev/loop3"</summary>
    public string Path { get; }

    /// <exception cref="FailedException">The kernel has no loop devices, or not for us.</exception>
    public static LoopDevice Attach(SafeHandle source, long offset, long length)
    {
        int control = Open("/dev/loop-control", Libc.ReadWrite);
        try
        {
            for (int tries = 0; ; tries++)
            {
                int number = Libc.ioctl(control, GetFree, null);
                Libc.Check(number).ThrowIfFailed("/dev/loop-control");
                int device = Open($"/dev/loop{number}", Libc.ReadOnly);
                Errno error = Set(device, source, offset, length);
                if (error == Errno.None)
                    return new(device, $"/dev/loop{number}");
                _ = Libc.close(device);
                // Someone else may have been faster.
                if (error != Errno.Busy || tries == MostTries)
                    throw error.Failed($"/dev/loop{number}", error == Errno.Invalid ? "kernels before 5.8 can't; 'jumpbag inspect --commands' prints the losetup lines" : null);
            }
        }
        finally
        {
            _ = Libc.close(control);
        }
    }

    /// <summary>Whether a device, as the mount table names it, is a loop device that <see cref="Attach"/> made.</summary>
    public static bool IsOurs(ByteString device)
    {
        if (!device.Span.StartsWith("/dev/loop"u8))
            return false;
        using var path = new CStrings([device]);
        int fd = Libc.openat(Libc.AtCurrentDirectory, path.Pointers[0], Libc.ReadOnly | Libc.CloseOnExec, 0);
        if (fd < 0)
            return false;
        byte* info = stackalloc byte[InfoSize];
        bool ours = Libc.ioctl(fd, GetStatus, info) == 0 && new ReadOnlySpan<byte>(info + NameOffset, Tag.Length + 1).SequenceEqual("jumpbag\0"u8);
        _ = Libc.close(fd);
        return ours;
    }

    public void Dispose() => _ = Libc.close(descriptor);

    private static Errno Set(int device, SafeHandle source, long offset, long length)
    {
        byte* config = stackalloc byte[ConfigSize];
        var bytes = new Span<byte>(config, ConfigSize);
        bytes.Clear();
        bool taken = false;
        source.DangerousAddRef(ref taken);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)source.DangerousGetHandle());
        Span<byte> info = bytes[InfoOffset..];
        BinaryPrimitives.WriteInt64LittleEndian(info[OffsetOffset..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(info[LimitOffset..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(info[FlagsOffset..], ReadOnly | AutoClear);
        System.Text.Encoding.ASCII.GetBytes(Tag, info[NameOffset..]);
        Errno error = Libc.Check(Libc.ioctl(device, Configure, config));
        source.DangerousRelease();
        return error;
    }

    private static int Open(string path, int flags)
    {
        using var text = new CStrings([ByteString.FromText(path)]);
        int fd = Libc.openat(Libc.AtCurrentDirectory, text.Pointers[0], flags | Libc.CloseOnExec, 0);
        Libc.Check(fd).ThrowIfFailed(path);
        return fd;
    }
}
