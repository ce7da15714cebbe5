namespace Jumpbag.Host;

/// <summary>What this machine has mounted, to warn of a source that changes while it is read.</summary>
public static class MountTable
{
    /// <summary>All that this process sees mounted, in the order in which it was mounted; empty without /proc.</summary>
    public static IReadOnlyList<MountEntry> Entries()
    {
        byte[] text;
        try
        {
            text = File.ReadAllBytes("/proc/self/mountinfo");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
        var entries = new List<MountEntry>();
        foreach (Range line in text.AsSpan().Split((byte)'\n'))
            if (MountEntry.TryParse(text.AsSpan(line)) is { } entry)
                entries.Add(entry);
        return entries;
    }

    /// <summary>The block devices ("major:minor") that stand on one of these: partitions, loop devices, volumes.</summary>
    public static IReadOnlySet<string> DevicesAbove(string device)
    {
        string path = RealPath(device);
        HashSet<string> found = DevicesOn(path["/dev/".Length..]);
        found.UnionWith(LoopsOn(device));
        found.UnionWith(LoopsOn(path));
        return found;
    }

    /// <summary>
    /// Where a disk or image, or anything that stands on it (a partition, a loop device, a volume), is mounted read-write
    /// right now. Empty where nothing is, or where /proc and /sys cannot tell.
    /// </summary>
    public static IReadOnlyList<string> MountedReadWrite(string source)
    {
        string path = RealPath(source);
        HashSet<string> devices = LoopsOn(path); // Also below /dev: /dev/shm holds files.
        if (path.StartsWith("/dev/", StringComparison.Ordinal))
            devices.UnionWith(DevicesOn(path["/dev/".Length..]));
        if (devices.Count == 0)
            return [];
        var mounted = new List<string>();
        foreach (MountEntry entry in Entries())
            if (devices.Contains(entry.Device) && entry.Options.Contains("rw") && entry.FileSystemOptions.Contains("rw"))
                mounted.Add(entry.Path.ToArgument());
        return mounted;
    }

    /// <summary>The "major:minor" of a block device, its partitions and all that stands on them.</summary>
    private static HashSet<string> DevicesOn(string name)
    {
        var found = new HashSet<string>();
        var ahead = new Stack<string>([name.Replace('/', '!')]);
        while (ahead.TryPop(out string? next))
        {
            string folder = RealPath($"/sys/class/block/{next}");
            if (ReadLines(folder + "/dev") is not [var number, ..] || !found.Add(number))
                continue;
            foreach (string below in Names(folder))
                if (File.Exists($"{folder}/{below}/partition"))
                    ahead.Push(below);
            foreach (string holder in Names(folder + "/holders"))
                ahead.Push(holder);
        }
        return found;
    }

    private static HashSet<string> LoopsOn(string file)
    {
        var found = new HashSet<string>();
        foreach (string name in Names("/sys/class/block").Where(name => name.StartsWith("loop", StringComparison.Ordinal)))
            if (ReadLines($"/sys/class/block/{name}/loop/backing_file") is [var backing, ..] && backing == file)
                found.UnionWith(DevicesOn(name));
        return found;
    }

    private static string RealPath(string path)
    {
        try
        {
            string full = Path.GetFullPath(path);
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return path;
        }
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Not a device, or gone in this moment: it then has nothing mounted that we could know of.
        }
    }

    private static IEnumerable<string> Names(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(entry => Path.GetFileName(entry)!)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
