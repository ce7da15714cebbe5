using Jumpbag.Core;

namespace Jumpbag.FileSystems.Tar;

/// <summary>Writes headers: a ustar block, and before it an extended header with what that block cannot hold.</summary>
internal sealed class TarMembers(TarOutput output)
{
    private const int ShortName = 80;

    /// <summary>Records for the next header: attributes, a sparse file's true name.</summary>
    public PaxRecords Records { get; } = new();

    /// <param name="name">As it will be extracted; of a sparse file a stand-in.</param>
    /// <param name="size">Of what follows in the archive.</param>
    /// <param name="target">Of a hard or symbolic link.</param>
    public void Write(TarType type, ReadOnlySpan<byte> name, Node node, long size = 0, ReadOnlySpan<byte> target = default)
    {
        Span<byte> block = stackalloc byte[UstarHeader.Size];
        var header = new UstarHeader(block, type);
        if (!header.SetName(name) || !UstarHeader.IsPlain(name))
            Records.Add("path"u8, name);
        if (!header.SetLinkName(target) || !UstarHeader.IsPlain(target))
            Records.Add("linkpath"u8, target);
        header.SetMode(node.Permissions);
        if (!header.SetUid(node.Uid))
            Records.Add("uid"u8, node.Uid);
        if (!header.SetGid(node.Gid))
            Records.Add("gid"u8, node.Gid);
        if (!header.SetSize(size))
            Records.Add("size"u8, size);
        if (!header.SetModified(node.Modified.Seconds) || node.Modified.Nanoseconds != 0)
            Records.Add("mtime"u8, node.Modified);
        if (!header.SetDeviceMajor(node.DeviceMajor))
            Records.Add("SCHILY.devmajor"u8, node.DeviceMajor);
        if (!header.SetDeviceMinor(node.DeviceMinor))
            Records.Add("SCHILY.devminor"u8, node.DeviceMinor);
        header.Seal();
        WriteRecords(name);
        output.Write(block);
    }

    /// <summary>A name in a folder that tells old programs what this is, for members that they cannot understand.</summary>
    public static byte[] StandIn(ReadOnlySpan<byte> folder, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> last = name.TrimEnd((byte)'/');
        last = last[(last.LastIndexOf((byte)'/') + 1)..];
        return [.. folder, .. last.Length > ShortName ? last[..ShortName] : last];
    }

    private void WriteRecords(ReadOnlySpan<byte> name)
    {
        if (Records.IsEmpty)
            return;
        Span<byte> block = stackalloc byte[UstarHeader.Size];
        var header = new UstarHeader(block, TarType.Extended);
        header.SetName(StandIn("./PaxHeaders/"u8, name));
        header.SetMode(0b110_100_100);
        header.SetUid(0);
        header.SetGid(0);
        header.SetSize(Records.Bytes.Length);
        header.SetModified(0);
        header.SetDeviceMajor(0);
        header.SetDeviceMinor(0);
        header.Seal();
        output.Write(block);
        output.Write(Records.Bytes);
        output.Pad();
        Records.Clear();
    }
}
