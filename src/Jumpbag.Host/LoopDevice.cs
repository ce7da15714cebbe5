using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// A range of a file or device as a block device of the kernel (loop(4)). It lives as long as someone uses it:
/// this object until it is disposed, then what is mounted from it; the kernel detaches it by itself after the last.
/// </summary>
public sealed unsafe class LoopDevice : IDisposable
{
    /// <summary>What says that a loop device is ours; it stands in place of the file's name, which the kernel tells elsewhere too.</summary>
    private const string Tag = "jumpbag";

    private const nuint SetDescriptor = 0x4C00, ClearDescriptor = 0x4C01, SetStatus = 0x4C04, GetFree = 0x4C82, Configure = 0x4C0A, GetStatus = 0x4C05;
    private const uint ReadOnly = 1, AutoClear = 4;

    /// <summary>struct loop_config: u32 fd · u32 block_size · struct loop_info64 · u64 reserved[8].</summary>
    private const int ConfigSize = 304, InfoOffset = 8;

    /// <summary>In struct loop_info64: u64 lo_offset, u64 lo_sizelimit, u32 lo_flags, lo_file_name[64]; its size.</summary>
    private const int OffsetOffset = 24, LimitOffset = 32, FlagsOffset = 52, NameOffset = 56, InfoSize = 232;

    /// <summary>Others take the free ones too; so often they may be faster.</summary>
    private const int MostTries = 64;

    private readonly int descriptor;

    private LoopDevice(int descriptor, string path)
    {
        this.descriptor = descriptor;
        Path = path;
    }

    /// <summary>"/dev/loop3"</summary>
    public string Path { get; }

    /// <summary>Of an open file or device, read-only.</summary>
    /// <exception cref="FailedException">The kernel has no loop devices, or not for us.</exception>
    public static LoopDevice Attach(SafeHandle source, long offset, long length)
    {
        bool taken = false;
        source.DangerousAddRef(ref taken);
        try
        {
            return Attach((int)source.DangerousGetHandle(), offset, length, readOnly: true);
        }
        finally
        {
            source.DangerousRelease();
        }
    }

    /// <summary>Of a block device that may be written to: a snapshot, into which the kernel replays a journal.</summary>
    /// <exception cref="FailedException">The kernel has no loop devices, or not for us.</exception>
    public static LoopDevice AttachWritable(string device, long offset, long length)
    {
        int source = Open(device, Libc.ReadWrite);
        try
        {
            return Attach(source, offset, length, readOnly: false);
        }
        finally
        {
            _ = Libc.close(source);
        }
    }

    private static LoopDevice Attach(int source, long offset, long length, bool readOnly)
    {
        int control = Open("/dev/loop-control", Libc.ReadWrite);
        try
        {
            for (int tries = 0; ; tries++)
            {
                int number = Libc.ioctl(control, GetFree, null);
                Libc.Check(number).ThrowIfFailed("/dev/loop-control");
                int device = Open($"/dev/loop{number}", readOnly ? Libc.ReadOnly : Libc.ReadWrite);
                Errno error = Set(device, source, offset, length, readOnly);
                if (error == Errno.None)
                    return new(device, $"/dev/loop{number}");
                _ = Libc.close(device);
                // Someone else may have been faster.
                if (error != Errno.Busy || tries == MostTries)
                    throw error.Failed($"/dev/loop{number}");
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

    private static Errno Set(int device, int source, long offset, long length, bool readOnly)
    {
        byte* config = stackalloc byte[ConfigSize];
        var bytes = new Span<byte>(config, ConfigSize);
        bytes.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, source);
        Span<byte> info = bytes[InfoOffset..];
        BinaryPrimitives.WriteInt64LittleEndian(info[OffsetOffset..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(info[LimitOffset..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(info[FlagsOffset..], AutoClear | (readOnly ? ReadOnly : 0));
        System.Text.Encoding.ASCII.GetBytes(Tag, info[NameOffset..]);
        Errno error = Libc.Check(Libc.ioctl(device, Configure, config));
        if (error is not (Errno.Invalid or Errno.NotTerminal))
            return error;
        // Before Linux 5.8 it takes two steps.
        error = Libc.Check(Libc.ioctl(device, SetDescriptor, (void*)source));
        if (error != Errno.None)
            return error;
        error = Libc.Check(Libc.ioctl(device, SetStatus, config + InfoOffset));
        if (error != Errno.None)
            _ = Libc.ioctl(device, ClearDescriptor, null);
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
