using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>Who on this machine has a file or block device in use, as far as this user may see: what fuser(1) tells.</summary>
public static class FileUsers
{
    /// <summary>"mounted at /mnt", "the loop device /dev/loop3", "process 4711 (qemu-system-x86)"; the own process is none.</summary>
    public static IReadOnlyList<string> Of(string path)
    {
        var users = new List<string>();
        users.AddRange(MountTable.Mounted(path).Select(folder => $"mounted at {folder}"));
        users.AddRange(MountTable.LoopDevicesOn(path).Select(device => $"the loop device {device}"));
        if (FileStatus.Of(ByteString.FromArgument(MountTable.RealPath(path)), out FileStatus wanted) != Errno.None)
            return users;
        foreach (string process in Numbers("/proc"))
            if (process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
                && Numbers($"/proc/{process}/fd").Any(descriptor => IsSame($"/proc/{process}/fd/{descriptor}", wanted)))
                users.Add($"process {process} ({NameOf(process)})");
        return users;
    }

    private static unsafe bool IsSame(string descriptor, FileStatus wanted)
    {
        // The link is followed by the kernel to the very file that is open, whatever its name is by now.
        byte* buffer = stackalloc byte[FileStatus.Length];
        fixed (byte* path = (byte[])[.. ByteString.FromArgument(descriptor).Span, 0])
            return Libc.statx(Libc.AtCurrentDirectory, path, 0, FileStatus.Mask, buffer) == 0
                && FileStatus.Parse(new(buffer, FileStatus.Length)) is var found && found.Inode == wanted.Inode && found.Device == wanted.Device;
    }

    private static IEnumerable<string> Numbers(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(entry => Path.GetFileName(entry)!).Where(name => name.All(char.IsAsciiDigit))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Another user's process, or one that has ended.
        }
    }

    private static string NameOf(string process)
    {
        try
        {
            return ByteString.FromText(File.ReadAllText($"/proc/{process}/comm").Trim()).ToString();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "?";
        }
    }
}
