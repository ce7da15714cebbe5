using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>Who keeps a mount busy, as far as /proc tells: of other users' processes only root gets to know.</summary>
public static class MountHolders
{
    /// <summary>A line for each, such as "bash (12) works in it", "less (14) has /mnt/a.txt open".</summary>
    /// <param name="processesOnly">Without what is mounted in it or attached to its files.</param>
    public static IReadOnlyList<string> Find(ByteString path, bool processesOnly = false)
    {
        string folder = path.ToArgument();
        var found = new List<string>();
        foreach (MountEntry below in processesOnly ? [] : MountEntry.Below(path))
            found.Add($"{below.Source} is mounted on {below.MountPoint}");
        foreach (string loop in Entries("/sys/block").Where(name => !processesOnly && Path.GetFileName(name).StartsWith("loop", StringComparison.Ordinal)))
            if (Text($"{loop}/loop/backing_file").TrimEnd('\n') is { Length: > 0 } backing && IsIn(backing, folder))
                found.Add($"/dev/{Path.GetFileName(loop)} is attached to {backing}");
        foreach (string process in Entries("/proc").Where(entry => int.TryParse(Path.GetFileName(entry), out _)))
            if (Use(process, folder) is { } use)
                found.Add($"{Text($"{process}/comm").TrimEnd('\n')} ({Path.GetFileName(process)}) {use}");
        return found;
    }

    private static string? Use(string process, string folder)
    {
        if (IsIn(Target($"{process}/cwd"), folder))
            return "works in it";
        if (IsIn(Target($"{process}/root"), folder))
            return "has its root in it";
        foreach (string descriptor in Entries($"{process}/fd"))
            if (Target(descriptor) is { } file && IsIn(file, folder))
                return $"has {ByteString.FromArgument(file)} open";
        return IsIn(Target($"{process}/exe"), folder) || Text($"{process}/maps").Split('\n').Any(line => line.IndexOf('/') is > 0 and var at && IsIn(line[at..], folder))
            ? "runs a program of it" : null;
    }

    private static bool IsIn(string? path, string folder) => path is not null
        && (path == folder || (path.StartsWith(folder, StringComparison.Ordinal) && path.Length > folder.Length && path[folder.Length] == '/'));

    private static string? Target(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Of another user, or gone meanwhile.
        }
    }

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string[] Entries(string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
