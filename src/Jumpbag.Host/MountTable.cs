namespace Jumpbag.Host;

/// <summary>What this machine has mounted, to warn of a source that changes while it is read.</summary>
public static class MountTable
{
    /// <summary>
    /// Where a disk or image, or anything that stands on it (a partition, a loop device, a volume), is mounted read-write
    /// right now. Empty where nothing is, or where /proc and /sys cannot tell.
    /// </summary>
    public static IReadOnlyList<string> MountedReadWrite(string source) => MountsOf(source, onlyReadWrite: true);

    /// <summary>The same for mounts of any kind.</summary>
    public static IReadOnlyList<string> Mounted(string source) => MountsOf(source, onlyReadWrite: false);

    /// <summary>"/dev/loop3", for those that show a file or a part of it.</summary>
    public static IReadOnlyList<string> LoopDevicesOn(string file) =>
        [.. LoopNamesOn(RealPath(file)).Select(name => "/dev/" + name)];

    private static List<string> MountsOf(string source, bool onlyReadWrite)
    {
        string path = RealPath(source);
        HashSet<string> devices = LoopsOn(path); // Also below /dev: /dev/shm holds files.
        if (path.StartsWith("/dev/", StringComparison.Ordinal))
            devices.UnionWith(DevicesOn(path["/dev/".Length..]));
        if (devices.Count == 0)
            return [];
        var mounted = new List<string>();
        foreach (string line in ReadLines("/proc/self/mountinfo"))
        {
            // "36 35 98:0 /root /mnt rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue" (proc(5))
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (dash > 5 && dash + 3 < fields.Length && devices.Contains(fields[2])
                && (!onlyReadWrite || (fields[5].Split(',').Contains("rw") && fields[dash + 3].Split(',').Contains("rw"))))
                mounted.Add(fields[4].Replace("\\040", " ", StringComparison.Ordinal));
        }
        return mounted;
    }

    /// <summary>A block device and those that stand on it (partitions, loop devices, volumes), all as "major:minor".</summary>
    public static IReadOnlySet<string> DevicesOnAndAbove(string number)
    {
        string folder = RealPath("/sys/dev/block/" + number);
        HashSet<string> found = DevicesOn(Path.GetFileName(folder));
        foreach (string name in Names("/sys/class/block").Where(name => name.StartsWith("loop", StringComparison.Ordinal)))
            if (ReadLines($"/sys/class/block/{name}/loop/backing_file") is [var backing, ..] && FileHandle.BlockDeviceNumber(backing) is { } below && found.Contains(below))
                found.UnionWith(DevicesOn(name));
        return found;
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
        foreach (string name in LoopNamesOn(file))
            found.UnionWith(DevicesOn(name));
        return found;
    }

    private static IEnumerable<string> LoopNamesOn(string file) =>
        Names("/sys/class/block").Where(name => name.StartsWith("loop", StringComparison.Ordinal)
            && ReadLines($"/sys/class/block/{name}/loop/backing_file") is [var backing, ..] && backing == file);

    /// <summary>The whole path, with the link at its end followed.</summary>
    internal static string RealPath(string path)
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
