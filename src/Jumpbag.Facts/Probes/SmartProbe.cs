using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>
/// What disks say of their own health. One that the kernel has put to sleep is not opened, since that would wake it; of the others
/// smartctl asks for the power mode first (-n standby) and leaves those alone that stand still.
/// </summary>
internal static class SmartProbe
{
    private const int MostDisks = 128;

    /// <summary>A disk that does not answer in this time is a fact, and the others are still asked.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    public static void Run(ProbeContext context)
    {
        FileEntry[] disks = [.. BlockDevices.Disks(context).Where(disk => IsAsked(context.Files, disk)).Take(MostDisks)];
        if (disks.Length == 0)
        {
            context.Info("none", "disks", "none here that has a SMART of its own", "/sys/block");
            return;
        }
        if (Programs.TryFind("smartctl") is null)
        {
            context.Missing("smartctl is not installed (Debian and RPM: smartmontools)");
            return;
        }
        if (ProcessIdentity.EffectiveUser != 0)
        {
            context.Denied("disks are asked by root only");
            return;
        }
        foreach (FileEntry asleep in disks.Where(disk => BlockDevices.IsSuspended(context.Files, disk)))
            context.Info("smart", asleep.Name, "asleep, left alone", $"{asleep.Path}/device/power/runtime_status");
        // At once: each may take its time, and one that is dying takes all of it.
        Parallel.ForEach(disks.Where(disk => !BlockDevices.IsSuspended(context.Files, disk)), new ParallelOptions { MaxDegreeOfParallelism = 16 }, disk => Ask(context, disk));
    }

    /// <summary>Disks of virtual machines have none.</summary>
    private static bool IsAsked(IFiles files, FileEntry disk) =>
        (disk.Name.StartsWith("sd", StringComparison.Ordinal) || disk.Name.StartsWith("nvme", StringComparison.Ordinal) || disk.Name.StartsWith("hd", StringComparison.Ordinal))
        && files.Number($"{disk.Path}/removable") != 1;

    private static void Ask(ProbeContext context, FileEntry disk)
    {
        string command = $"smartctl -n standby -H -A --json /dev/{disk.Name}";
        try
        {
            ProgramRun? run = ProgramRun.Of("smartctl", ["-n", "standby", "-H", "-A", "--json", $"/dev/{disk.Name}"], Patience);
            lock (context)
            {
                context.Keep(command, run.Output + run.Errors);
                Report(context, disk.Name, SmartReport.Parse(run.Output), command);
            }
        }
        catch (Core.FailedException e)
        {
            lock (context)
                context.Warning("silent", disk.Name, $"does not say how it is: {e.Message}", command, "dmesg -T | tail: a disk that hangs is dying, or its cable is");
        }
    }

    internal static void Report(ProbeContext context, string disk, SmartReport report, string source)
    {
        if (report.Passed == false)
            context.Critical("smart", disk, $"says it is failing{(report.Worries.Count > 0 ? ": " + string.Join(", ", report.Worries) : "")}", source, $"copy it off now (ddrescue /dev/{disk} …), then replace it");
        else if (report.Worries.Count > 0)
            context.Warning("smart", disk, string.Join(", ", report.Worries), source, $"smartctl -x /dev/{disk}; do they grow? then replace it soon");
        else
            context.Info("smart", disk, report.Failure ?? report.Summary, source);
    }
}
