using System.Globalization;

namespace Jumpbag.Host;

/// <summary>Which processes keep a mount from being taken off: as fuser(1) finds them, by their open files and folders.</summary>
public static class MountUsers
{
    private const int MostNamed = 5;

    /// <summary>"1234 (rsync), 1240 (sh)"; empty where nobody is found.</summary>
    public static string Describe(string path)
    {
        var users = new List<string>();
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            if (!Uses(process, path))
                continue;
            if (users.Count == MostNamed)
                return string.Join(", ", users) + " and more";
            users.Add($"{Path.GetFileName(process)} ({Name(process)})");
        }
        return string.Join(", ", users);
    }

    private static bool Uses(string process, string path)
    {
        try
        {
            return new[] { "cwd", "root", "exe" }.Select(link => Path.Combine(process, link)).Concat(Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")))
                .Any(link => new FileInfo(link).LinkTarget is { } target && (target == path || target.StartsWith(path + "/", StringComparison.Ordinal)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It ended in this moment, or is a kernel's thread.
        }
    }

    private static string Name(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "comm")).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "?";
        }
    }
}
