using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Facts.Probes;

/// <summary>What tasks wait for: pressure, memory, out-of-memory kills, those that are stuck in the kernel, limits that are reached.</summary>
internal static class PressureProbe
{
    private const int MostStuckNamed = 4;

    /// <summary>Between two looks: a task that is seen twice in this state waits for something that is slow or dead.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(700);

    public static void Run(ProbeContext context)
    {
        Dictionary<int, ProcessStat> before = Stuck(context.Files);
        Stalls(context);
        Memory(context);
        Limits(context);
        if (before.Count == 0)
            return;
        Thread.Sleep(Pause);
        ReportStuck(context, [.. Stuck(context.Files).Values.Where(task => before.ContainsKey(task.Id))]);
    }

    private static void Stalls(ProbeContext context)
    {
        foreach (string what in new[] { "cpu", "memory", "io" })
        {
            string file = $"/proc/pressure/{what}";
            if (context.Text(file) is not { } text || Pressure.Parse(text) is not { } now)
                continue;
            string value = string.Create(CultureInfo.InvariantCulture, $"tasks waited for {(what == "io" ? "disks" : what)} {now.Some10:0}% of the last 10 s, {now.Some60:0}% of the last minute; all of them {now.Full10:0}% and {now.Full60:0}%");
            FactLevel level = what == "cpu"
                ? (now.Some60 >= 60 ? FactLevel.Warning : FactLevel.Info)
                : now.Full10 >= 40 || now.Full60 >= 40 ? FactLevel.Critical : now.Some10 >= 30 || now.Some60 >= 30 ? FactLevel.Warning : FactLevel.Info;
            string? next = level == FactLevel.Info ? null : what switch
            {
                "io" => "who: iotop -o, or pidstat -d 1; which disk: iostat -x 1",
                "memory" => "who: ps aux --sort=-rss | head; then stop or move the largest",
                _ => "who: top -o %CPU",
            };
            context.Add(level, "pressure", what, value, file, next, moves: true);
        }
        if (context.Files.Stat("/proc/pressure/io") is null && context.Files.Line("/proc/loadavg") is { } load)
            context.Info("load", "cpu", load, "/proc/loadavg", moves: true);
    }

    private static void Memory(ProbeContext context)
    {
        if (context.Text("/proc/meminfo") is not { } text)
            return;
        Dictionary<string, long> memory = Counters.Of(text);
        long total = memory.GetValueOrDefault("MemTotal") << 10, available = memory.GetValueOrDefault("MemAvailable", -1) << 10;
        long swap = memory.GetValueOrDefault("SwapTotal") << 10, swapFree = memory.GetValueOrDefault("SwapFree") << 10;
        if (total > 0 && available >= 0)
        {
            double share = (double)available / total;
            context.Add(share < 0.03 ? FactLevel.Critical : share < 0.08 ? FactLevel.Warning : FactLevel.Info, "memory", "memory",
                $"{ByteSize.Format(available)} available of {ByteSize.Format(total)}", "/proc/meminfo", share < 0.08 ? "ps aux --sort=-rss | head" : null, moves: true);
        }
        if (swap > 0)
            context.Add(swapFree < swap / 10 ? FactLevel.Warning : FactLevel.Info, "swap", "swap", $"{ByteSize.Format(swap - swapFree)} used of {ByteSize.Format(swap)}", "/proc/meminfo",
                swapFree < swap / 10 ? "what grew: ps aux --sort=-rss | head" : null, moves: true);
        if (context.Files.Text("/proc/vmstat") is { } counters && Counters.Of(counters).TryGetValue("oom_kill", out long kills) && kills > 0)
            context.Add(FactLevel.Warning, "oomKills", "memory", $"{kills} processes killed for want of memory since boot", "/proc/vmstat", "which and when: dmesg -T | grep -i 'killed process'");
    }

    /// <summary>Tables of the kernel that are nearly full make every new connection or process fail.</summary>
    private static void Limits(ProbeContext context)
    {
        if (context.Files.Line("/proc/sys/fs/file-nr")?.Split('\t') is [var used, _, var most] && Share(used, most) is { } files)
            Limit(context, "files", "open files", used, most, files, "/proc/sys/fs/file-nr", "sysctl fs.file-max; lsof | awk '{print $1}' | sort | uniq -c | sort -n | tail");
        string? tasks = context.Files.Line("/proc/loadavg")?.Split(' ') is [_, _, _, var running, ..] && running.Split('/') is [_, var all] ? all : null;
        if (tasks is not null && context.Files.Line("/proc/sys/kernel/pid_max") is { } pids && Share(tasks, pids) is { } share)
            Limit(context, "tasks", "processes and threads", tasks, pids, share, "/proc/loadavg, /proc/sys/kernel/pid_max", "ps -eLo user= | sort | uniq -c | sort -n | tail");
    }

    private static void Limit(ProbeContext context, string name, string what, string used, string most, double share, string source, string next) =>
        context.Add(share > 0.95 ? FactLevel.Critical : share > 0.8 ? FactLevel.Warning : FactLevel.Info, name, what, $"{used} of at most {most}", source, share > 0.8 ? next : null, moves: true);

    private static double? Share(string used, string most) =>
        long.TryParse(used, NumberStyles.None, CultureInfo.InvariantCulture, out long part) && double.TryParse(most, NumberStyles.Float, CultureInfo.InvariantCulture, out double whole) && whole > 0 ? part / whole : null;

    /// <summary>
    /// Those in uninterruptible sleep. Only files that need none of a task's locks are read: its command line may itself never answer.
    /// </summary>
    private static Dictionary<int, ProcessStat> Stuck(IFiles files)
    {
        var found = new Dictionary<int, ProcessStat>();
        foreach (FileEntry process in files.List("/proc"))
            if (process.IsDirectory && char.IsAsciiDigit(process.Name[0]) && files.Line($"{process.Path}/stat") is { } line && ProcessStat.Parse(line) is { State: 'D' } task)
                found[task.Id] = task;
        return found;
    }

    private static void ReportStuck(ProbeContext context, ProcessStat[] stuck)
    {
        if (stuck.Length == 0)
            return;
        string[] named = [.. stuck.Take(MostStuckNamed).Select(task => $"{FilesExtensions.Shown(task.Command)} ({task.Id}) in {Where(context.Files, task.Id)}")];
        string more = stuck.Length > named.Length ? $" and {stuck.Length - named.Length} more" : "";
        context.Warning("stuck", "tasks", $"{stuck.Length} stuck in the kernel: {string.Join(", ", named)}{more}", "/proc/*/stat, state D twice", $"what it waits for: cat /proc/{stuck[0].Id}/stack");
    }

    private static string Where(IFiles files, int id) => files.Line($"/proc/{id}/wchan") is { } place && place != "0" ? FilesExtensions.Shown(place) : "an unknown place";
}
