using System.Globalization;

namespace Jumpbag.Host.Lvm;

/// <summary>
/// The LVM tags of a snapshot that was made here: that it is ours, and which process owns it, so that after a crash anyone can tell
/// what was left behind. A process is known by host, boot, number and start time: its number alone comes again.
/// </summary>
public sealed record SnapshotTag(string Host, string Boot, int Process, long Started)
{
    public const string Ours = "jumpbag.snapshot", Kept = "jumpbag.kept";

    private const string OwnerKey = "jumpbag.owner=";

    /// <summary>"jumpbag.owner=HOST/BOOT/PID/START": only letters that LVM takes in a tag.</summary>
    public string Owner => string.Create(CultureInfo.InvariantCulture, $"{OwnerKey}{Host}/{Boot}/{Process}/{Started}");

    /// <summary>Whether the owner may still need it: it runs here, or it is another machine's.</summary>
    public bool IsAlive => IsOfThisHost && Boot == CurrentBoot && StartTime(Process) == Started;

    public bool IsOfThisHost => Host == CurrentHost;

    public static SnapshotTag Own()
    {
        int process = Environment.ProcessId;
        return new(CurrentHost, CurrentBoot, process, StartTime(process) ?? 0);
    }

    /// <summary>The owner among a volume's tags; null where there is none, or none that can be understood.</summary>
    public static SnapshotTag? Find(IEnumerable<string> tags)
    {
        foreach (string tag in tags)
            if (tag.StartsWith(OwnerKey, StringComparison.Ordinal) && tag[OwnerKey.Length..].Split('/') is [var host, var boot, var process, var started]
                && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && long.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out long time))
                return new(host, boot, id, time);
        return null;
    }

    private static string CurrentHost { get; } = new([.. File.ReadAllText("/proc/sys/kernel/hostname").Trim().Take(64)
        .Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '_')]);

    private static string CurrentBoot { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Field 22 of /proc/PID/stat, in clock ticks after the boot; null where there is no such process.</summary>
    private static long? StartTime(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            // The second field is the name, in brackets and with whatever in it.
            string[] behind = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return behind[0] is "Z" or "X" ? null : long.Parse(behind[19], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
