using System.Text;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;

namespace Jumpbag.Inspecting;

/// <summary>What a root filesystem says of its machine: operating system, host name, what its fstab mounts.</summary>
public sealed record GuestFacts(string? OperatingSystem, string? HostName, IReadOnlyList<string> MountPoints)
{
    private const int LargestFile = 64 * 1024;

    /// <summary>Null where the filesystem is no root: it has neither an os-release nor an fstab.</summary>
    public static GuestFacts? Of(FileSystem fileSystem)
    {
        try
        {
            var tree = new FileTree(fileSystem);
            byte[]? release = Read(tree, "/etc/os-release") ?? Read(tree, "/usr/lib/os-release");
            byte[]? fstab = Read(tree, "/etc/fstab");
            if (release is null && fstab is null)
                return null;
            string? host = Read(tree, "/etc/hostname") is { } name ? FirstLine(name) : null;
            return new(release is null ? null : PrettyName(release), host, [.. Fstab.MountedAtBoot(Fstab.Parse(fstab ?? []))
                .Select(entry => entry.MountPoint.ToString()).Prepend("/").Distinct()]);
        }
        catch (JumpbagException)
        {
            return null; // Facts are an extra; what is damaged is told by whoever reads the files themselves.
        }
    }

    private static byte[]? Read(FileTree tree, string path) => tree.ReadSmallFile(ByteString.FromText(path), LargestFile);

    private static string? PrettyName(byte[] release)
    {
        foreach (string key in new[] { "PRETTY_NAME=", "NAME=" })
            foreach (string line in Encoding.UTF8.GetString(release).Split('\n'))
                if (line.StartsWith(key, StringComparison.Ordinal))
                    return Shown(line[key.Length..].Trim().Trim('"', '\''));
        return null;
    }

    private static string? FirstLine(byte[] text) =>
        Encoding.UTF8.GetString(text).Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0 && line[0] != '#') is { } name ? Shown(name) : null;

    /// <summary>On one line and printable, whatever a hostile file holds.</summary>
    private static string Shown(string text) => ByteString.FromText(text.Length > 80 ? text[..80] : text).ToString();
}
