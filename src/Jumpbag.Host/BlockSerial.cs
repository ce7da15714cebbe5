using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>What tells a disk from every other: the kernel's record of its serial number or unique name.</summary>
public static class BlockSerial
{
    /// <summary>What stands on the label comes first. SCSI and ATA disks have that only in a page of "vital product data".</summary>
    private static readonly string[] Attributes = ["serial", "device/serial", SerialPage, "wwid", "device/wwid", "dm/uuid", "md/uuid", "loop/backing_file"];

    private const int MostBytes = 4096;

    private const string SerialPage = "device/vpd_pg80";

    /// <summary>Of a block device or partition; null of anything else, or where the kernel knows none.</summary>
    public static string? Of(string path)
    {
        try
        {
            string real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
            if (FileStatus.Of(ByteString.FromArgument(real), out FileStatus status) != Errno.None || !status.IsBlockDevice)
                return null;
            return OfDevice(Path.GetFileName(real), "/sys");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <param name="name">As the kernel has it: "sda1".</param>
    internal static string? OfDevice(string name, string sysfs)
    {
        string folder = Directory.ResolveLinkTarget($"{sysfs}/class/block/{name}", returnFinalTarget: true)?.FullName ?? "";
        if (File.Exists(Path.Combine(folder, "partition")))
            folder = Path.GetDirectoryName(folder)!;
        foreach (string attribute in Attributes)
            if (Read(Path.Combine(folder, attribute), attribute == SerialPage ? 4 : 0) is { Length: > 0 } serial)
                return serial;
        return null;
    }

    /// <param name="header">Bytes in front of the text.</param>
    private static string? Read(string file, int header)
    {
        try
        {
            if (!File.Exists(file))
                return null;
            // Attributes claim to be a page long, so they are read to their end and not by their length.
            using FileStream stream = File.OpenRead(file);
            Span<byte> bytes = stackalloc byte[MostBytes];
            int count = stream.ReadAtLeast(bytes, MostBytes, throwOnEndOfStream: false);
            return count > header ? Encoding.UTF8.GetString(bytes[header..count]).Trim(' ', '\n', '\0') : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Some drivers have the attribute and no answer.
        }
    }
}
