using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Host.Fuse;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>A device that is to be seen as a file. One that is a <see cref="WritableDevice"/> can be written to.</summary>
public sealed record RawFile(ByteString Name, BlockDevice Device);

/// <summary>
/// A folder of plain files, each of which is a device: partitions, volumes, overlays. Programs that take an image (qemu-img,
/// e2fsck, losetup) work on them as they are. The files belong to the one who runs this; others may read where they are let in.
/// </summary>
public sealed class RawFiles : FuseFileSystem
{
    private const ulong First = Root + 1;
    private const uint Directory = 0x4000, Regular = 0x8000;

    /// <summary>What stands behind a device's bytes is asked for in pieces: of a file on tmpfs the kernel looks at every page.</summary>
    private const long SeekPiece = 1L << 30;

    private readonly IReadOnlyList<RawFile> files;
    private readonly Action<RawFile, Exception> failed;
    private readonly ulong now = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <param name="files">No two have the same name.</param>
    /// <param name="failed">Told of what could not be read or written, from any thread.</param>
    public RawFiles(IReadOnlyList<RawFile> files, Action<RawFile, Exception> failed)
    {
        this.files = files;
        this.failed = failed;
        IsWritable = files.Any(file => file.Device is WritableDevice);
    }

    public override bool IsWritable { get; }

    public override Errno Lookup(ulong folder, ReadOnlySpan<byte> name, out FuseEntry entry)
    {
        for (int i = 0; i < files.Count && folder == Root; i++)
            if (files[i].Name.Span.SequenceEqual(name))
            {
                entry = Entry(i);
                return Errno.None;
            }
        entry = default;
        return Errno.NoEntry;
    }

    public override Errno GetAttributes(ulong node, out FuseAttributes attributes)
    {
        attributes = node == Root ? Attributes(Root, Directory | 0x16D /* 0555 */, 0, 2) : File(node) is null ? default : Entry((int)(node - First)).Attributes;
        return attributes.Mode == 0 ? Errno.NoEntry : Errno.None;
    }

    public override Errno List(ulong folder, ulong from, ref FuseDirectoryWriter entries)
    {
        const int Dots = 2, DirectoryType = 4, RegularType = 8;
        for (ulong at = from; at < Dots; at++)
            if (!entries.Add(at == 0 ? "."u8 : ".."u8, Root, DirectoryType, at + 1))
                return Errno.None;
        for (ulong at = Math.Max(from, Dots); at < Dots + (ulong)files.Count; at++)
        {
            int index = (int)(at - Dots);
            if (!(entries.WantsAttributes ? entries.Add(files[index].Name.Span, Entry(index), at + 1)
                : entries.Add(files[index].Name.Span, First + (ulong)index, RegularType, at + 1)))
                break;
        }
        return Errno.None;
    }

    public override Errno Read(ulong node, long offset, Span<byte> destination, out int count)
    {
        count = 0;
        if (File(node) is not { } file)
            return Errno.IsDirectory;
        count = (int)Math.Clamp(file.Device.Length - offset, 0, destination.Length);
        file.Device.Read(offset, destination[..count]);
        return Errno.None;
    }

    public override Errno Seek(ulong node, long offset, bool data, out long found)
    {
        found = 0;
        if (File(node) is not { } file)
            return Errno.Invalid;
        long length = file.Device.Length;
        for (long at = offset; at >= 0 && at < length; at += SeekPiece)
            foreach (Extent extent in file.Device.Extents(at, Math.Min(SeekPiece, length - at)))
                if ((extent.Kind != ExtentKind.Hole) == data)
                {
                    found = Math.Max(extent.Offset, offset);
                    return Errno.None;
                }
        // Behind the last byte there is a hole, and no data.
        found = length;
        return offset < 0 || offset >= length || data ? Errno.NoSuchDeviceOrAddress : Errno.None;
    }

    public override Errno Write(ulong node, long offset, ReadOnlySpan<byte> data)
    {
        if (File(node)?.Device is not WritableDevice device)
            return Errno.ReadOnly;
        if (offset < 0 || offset > device.Length - data.Length)
            return Errno.NoSpace;
        device.Write(offset, data);
        return Errno.None;
    }

    public override Errno Zero(ulong node, long offset, long length, bool discard)
    {
        if (File(node)?.Device is not WritableDevice device)
            return Errno.ReadOnly;
        if (offset < 0 || length < 0 || offset > device.Length - length)
            return Errno.NoSpace;
        device.Zero(offset, length);
        return Errno.None;
    }

    public override Errno Flush(ulong node)
    {
        (File(node)?.Device as WritableDevice)?.Flush();
        return Errno.None;
    }

    public override FuseSpace Space(ulong node)
    {
        ulong blocks = (ulong)files.Sum(file => (file.Device.Length + 4095) / 4096);
        return new() { Blocks = blocks, Inodes = (ulong)files.Count + 1, BlockSize = 4096, FragmentSize = 4096, NameLength = 255 };
    }

    public override void Failed(ulong node, Exception failure)
    {
        if (File(node) is { } file)
            failed(file, failure);
    }

    private RawFile? File(ulong node) => node >= First && node - First < (ulong)files.Count ? files[(int)(node - First)] : null;

    private FuseEntry Entry(int index)
    {
        BlockDevice device = files[index].Device;
        ulong node = First + (ulong)index;
        uint permissions = device is WritableDevice ? 0x180u /* 0600 */ : 0x124u /* 0444 */;
        return new() { Node = node, Attributes = Attributes(node, Regular | permissions, device.Length, 1) };
    }

    private FuseAttributes Attributes(ulong node, uint mode, long size, uint links) => new()
    {
        Inode = node,
        Mode = mode,
        Size = (ulong)size,
        Blocks = (ulong)(size + 511) / 512,
        Links = links,
        BlockSize = 4096,
        Accessed = now,
        Modified = now,
        Changed = now,
        Uid = ProcessIdentity.EffectiveUser,
        Gid = ProcessIdentity.EffectiveGroup,
    };
}
