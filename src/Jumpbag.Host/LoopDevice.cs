using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// A loop device over a part of a file or block device: what <c>losetup --find --show --offset --sizelimit</c> makes. The kernel
/// frees it by itself once nobody has it open or mounted any more, so a process that dies leaves none behind.
/// </summary>
public sealed unsafe class LoopDevice : IDisposable
{
    // <linux/loop.h>
    private const nuint SetDescriptor = 0x4C00, ClearDescriptor = 0x4C01, SetStatus64 = 0x4C04, Configure = 0x4C0A, GetFree = 0x4C82;
    private const uint ReadOnlyFlag = 1, AutoClearFlag = 4;

    // struct loop_config: 0 u32 fd · 4 u32 block_size · 8 struct loop_info64: (8) +24 u64 lo_offset · +32 u64 lo_sizelimit ·
    // +52 u32 lo_flags · +56 lo_file_name[64] · 232 bytes · 240 reserved[8].
    private const int ConfigSize = 304, Info = 8, InfoSize = 232;

    /// <summary>Others take the free ones too; so often they may be faster.</summary>
    private const int Attempts = 64;

    private int descriptor;

    private LoopDevice(int descriptor, string path)
    {
        this.descriptor = descriptor;
        Path = path;
    }

    /// <summary>"/dev/loop3"</summary>
    public string Path { get; }

    /// <param name="file">The file or block device.</param>
    /// <param name="offset">In bytes, of the first that the device shows.</param>
    /// <param name="length">In bytes; 0 to the end.</param>
    /// <exception cref="FailedException">There are no loop devices, or none may be had.</exception>
    public static LoopDevice Attach(string file, long offset, long length, bool readOnly)
    {
        int backing = Open(file, readOnly);
        try
        {
            int control = Open("/dev/loop-control", readOnly: false, "loop devices need root and the kernel's module loop: 'modprobe loop'");
            try
            {
                for (int attempt = 0; attempt < Attempts; attempt++)
                {
                    int number = Libc.ioctl(control, GetFree, null);
                    Libc.Check(number).ThrowIfFailed("/dev/loop-control");
                    string path = "/dev/loop" + number.ToString(CultureInfo.InvariantCulture);
                    int loop = Open(path, readOnly);
                    Errno error = Set(loop, backing, file, offset, length, readOnly);
                    if (error == Errno.None)
                        return new(loop, path);
                    _ = Libc.close(loop);
                    if (error != Errno.Busy)
                        throw error.Failed($"{path} for {file}");
                }
                throw new FailedException($"no loop device could be had for {file}", "others take them as fast; try again");
            }
            finally
            {
                _ = Libc.close(control);
            }
        }
        finally
        {
            _ = Libc.close(backing);
        }
    }

    /// <summary>Lets go of it: it stays as long as it is mounted or open elsewhere.</summary>
    public void Dispose()
    {
        int fd = Interlocked.Exchange(ref descriptor, -1);
        if (fd >= 0)
            _ = Libc.close(fd);
    }

    private static Errno Set(int loop, int backing, string file, long offset, long length, bool readOnly)
    {
        Span<byte> config = stackalloc byte[ConfigSize];
        config.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(config, backing);
        Span<byte> info = config.Slice(Info, InfoSize);
        BinaryPrimitives.WriteInt64LittleEndian(info[24..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(info[32..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(info[52..], AutoClearFlag | (readOnly ? ReadOnlyFlag : 0));
        byte[] name = Encoding.UTF8.GetBytes(file);
        name.AsSpan(0, Math.Min(name.Length, 63)).CopyTo(info[56..]);
        fixed (byte* start = config)
        {
            Errno error = Libc.Check(Libc.ioctl(loop, Configure, start));
            if (error is not (Errno.Invalid or Errno.NotTerminal))
                return error;
            // Before Linux 5.8 it takes two steps.
            error = Libc.Check(Libc.ioctl(loop, SetDescriptor, (void*)backing));
            if (error != Errno.None)
                return error;
            error = Libc.Check(Libc.ioctl(loop, SetStatus64, start + Info));
            if (error != Errno.None)
                _ = Libc.ioctl(loop, ClearDescriptor, null);
            return error;
        }
    }

    private static int Open(string path, bool readOnly, string? hint = null)
    {
        fixed (byte* name = (byte[])[.. ByteString.FromArgument(path).Span, 0])
        {
            int fd = Libc.openat(Libc.AtCurrentDirectory, name, Libc.CloseOnExec | (readOnly ? 0 : Libc.ReadWrite), 0);
            return fd >= 0 ? fd : throw Libc.LastError.Failed(path, hint);
        }
    }
}
