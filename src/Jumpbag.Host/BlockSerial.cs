using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>What tells a disk from every other: the kernel's record of its serial number or unique name.</summary>
public static class BlockSerial
{
    private static readonly string[] Attributes = ["serial", "device/serial", "wwid", "device/wwid", "dm/uuid", "md/uuid", "loop/backing_file"];

    /// <summary>Of a block device or partition; null of anything else, or where the kernel knows none.</summary>
    public static string? Of(string path)
    {
        try
        {
            string real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
            if (FileStatus.Of(ByteString.FromArgument(real), out FileStatus status) != Errno.None || !status.IsBlockDevice)
                return null;
            string folder = Directory.ResolveLinkTarget("/sys/class/block/" + Path.GetFileName(real), returnFinalTarget: true)?.FullName ?? "";
            if (File.Exists(Path.Combine(folder, "partition")))
                folder = Path.GetDirectoryName(folder)!;
            foreach (string attribute in Attributes)
                if (Read(Path.Combine(folder, attribute)) is { Length: > 0 } serial)
                    return serial;
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Read(string file)
    {
        try
        {
            return File.Exists(file) ? Encoding.UTF8.GetString(File.ReadAllBytes(file)).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Some drivers have the attribute and no answer.
        }
    }
}
