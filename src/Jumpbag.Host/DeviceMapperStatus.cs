using System.Buffers.Binary;
using System.Text;

namespace Jumpbag.Host;

/// <summary>A target of a device of device-mapper with what the kernel says of it: "thin-pool", "1 12/1024 34/16384 - rw …".</summary>
public sealed record DeviceMapperTarget(string Type, string Status);

/// <summary>
/// Asks device-mapper for the state of a device as 'dmsetup status --noflush' does: the control device is opened for reading only, no
/// lock of LVM is taken, no disk is read, and (without the flag a thin pool would write its metadata first) nothing is written.
/// </summary>
/// <remarks>linux/dm-ioctl.h: struct dm_ioctl is 312 bytes: 0x00 u32 version[3] · 0x0C data_size · 0x10 data_start · 0x14 target_count · 0x1C flags · 0x30 name[128];
/// then struct dm_target_spec: u64 sector_start, u64 length, s32 status, u32 next, char target_type[16], and the text.</remarks>
public static unsafe class DeviceMapperStatus
{
    private const int HeaderLength = 312, NameLength = 128, SpecLength = 40, Room = 64 << 10;
    private const uint NoFlush = 1 << 11, BufferFull = 1 << 8;

    /// <summary>_IOWR(0xfd, 12, struct dm_ioctl)</summary>
    private const nuint TableStatus = 0xC138FD0C;

    /// <param name="name">As device-mapper knows it.</param>
    public static Errno Of(string name, out IReadOnlyList<DeviceMapperTarget> targets)
    {
        targets = [];
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length >= NameLength)
            return Errno.NameTooLong;
        int fd;
        fixed (byte* path = "/dev/mapper/control\0"u8)
            fd = Libc.openat(Libc.AtCurrentDirectory, path, Libc.CloseOnExec, 0);
        if (fd < 0)
            return Libc.LastError;
        var request = new byte[Room];
        BinaryPrimitives.WriteUInt32LittleEndian(request, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(0x0C), Room);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(0x10), HeaderLength);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(0x1C), NoFlush);
        bytes.CopyTo(request, 0x30);
        Errno error;
        fixed (byte* start = request)
            error = Libc.Check(Libc.ioctl(fd, TableStatus, start));
        _ = Libc.close(fd);
        if (error == Errno.None)
            targets = Parse(request);
        return error;
    }

    private static List<DeviceMapperTarget> Parse(ReadOnlySpan<byte> answer)
    {
        var found = new List<DeviceMapperTarget>();
        uint start = BinaryPrimitives.ReadUInt32LittleEndian(answer[0x10..]), count = BinaryPrimitives.ReadUInt32LittleEndian(answer[0x14..]);
        if ((BinaryPrimitives.ReadUInt32LittleEndian(answer[0x1C..]) & BufferFull) != 0 || start > answer.Length)
            return found;
        ReadOnlySpan<byte> specs = answer[(int)start..];
        for (uint at = 0, i = 0; i < count && at + SpecLength < specs.Length; i++)
        {
            ReadOnlySpan<byte> spec = specs[(int)at..];
            found.Add(new(Text(spec.Slice(24, 16)), Text(spec[SpecLength..])));
            // From the first target on, not from this one.
            uint next = BinaryPrimitives.ReadUInt32LittleEndian(spec[20..]);
            if (next <= at)
                break;
            at = next;
        }
        return found;
    }

    private static string Text(ReadOnlySpan<byte> field) => Encoding.UTF8.GetString(field.IndexOf((byte)0) is >= 0 and var end ? field[..end] : field);
}
