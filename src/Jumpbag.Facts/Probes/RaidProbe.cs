using Jumpbag.Facts.Files;

namespace Jumpbag.Facts.Probes;

/// <summary>Arrays of Linux MD, by /proc/mdstat and sysfs: no disk is asked.</summary>
internal static class RaidProbe
{
    public static void Run(ProbeContext context)
    {
        if (context.Text("/proc/mdstat") is null)
        {
            context.Info("none", "arrays", "the kernel has no MD arrays", "/proc/mdstat");
            return;
        }
        foreach (FileEntry array in context.List("/sys/block").Where(device => device.Name.StartsWith("md", StringComparison.Ordinal)))
        {
            context.At(array.Name);
            Look(context, array);
        }
    }

    private static void Look(ProbeContext context, FileEntry array)
    {
        IFiles files = context.Files;
        string md = $"{array.Path}/md";
        if (files.Line($"{md}/array_state") is not { } state || state == "clear")
            return;
        string level = files.Line($"{md}/level") ?? "?";
        long disks = files.Number($"{md}/raid_disks") ?? 0, missing = files.Number($"{md}/degraded") ?? 0;
        string action = files.Line($"{md}/sync_action") ?? "idle";
        string look = $"mdadm --detail /dev/{array.Name}";
        string[] bad = [.. context.List(md).Where(entry => entry.Name.StartsWith("dev-", StringComparison.Ordinal)).Select(member => Member(files, member)).OfType<string>()];
        string members = bad.Length > 0 ? $" ({string.Join(", ", bad)})" : "";
        string progress = action is "idle" or "frozen" ? "" : $", {action} {Progress(files, md)}";
        if (state is "inactive" or "broken")
            context.Critical("state", array.Name, $"{level} is {state}: its data cannot be reached{members}", $"{md}/array_state", $"{look}; read it without assembling: jumpbag inspect /dev/sdX --disk /dev/sdY");
        else if (missing > 0)
            context.Add(Survives(level, disks, missing) ? FactLevel.Warning : FactLevel.Critical, "degraded", array.Name,
                $"{level} lacks {missing} of {disks} disks{members}{progress}; {(Survives(level, disks, missing) ? "it survives one more" : "the next disk takes it down")}", $"{md}/degraded", $"{look}; add a disk: mdadm /dev/{array.Name} --add /dev/sdX");
        else
            context.Add(bad.Length > 0 ? FactLevel.Warning : FactLevel.Info, "state", array.Name, $"{level} of {disks} disks, {state}{members}{progress}", "/proc/mdstat", bad.Length > 0 ? look : null);
        if (files.Number($"{md}/mismatch_cnt") is > 0 and var mismatches && level is not ("raid1" or "raid10"))
            context.Warning("mismatches", array.Name, $"the last check found {mismatches} sectors that contradict each other", $"{md}/mismatch_cnt", $"{look}; memory, cable or a crash while it wrote");
        if (state == "read-auto" || action == "frozen")
            context.Info("waits", array.Name, action == "frozen" ? "its rebuild is frozen" : "has not been written to since it was assembled", $"{md}/sync_action");
    }

    private static bool Survives(string level, long disks, long missing) => level switch
    {
        "raid6" => missing < 2,
        "raid1" => missing < disks - 1,
        _ => false,
    };

    /// <summary>Null of a disk that works.</summary>
    private static string? Member(IFiles files, FileEntry member)
    {
        string name = member.Name["dev-".Length..], state = files.Line($"{member.Path}/state") ?? "?";
        long errors = files.Number($"{member.Path}/errors") ?? 0;
        bool fine = state.Split(',').All(word => word is "in_sync" or "spare" or "write_mostly" or "failfast" or "journal" or "external_bbl");
        return fine && errors == 0 ? null : fine ? $"{name} had {errors} read errors" : $"{name} is {state}";
    }

    private static string Progress(IFiles files, string md)
    {
        string[] parts = (files.Line($"{md}/sync_completed") ?? "").Split(" / ");
        return parts is [var done, var all] && double.TryParse(done, System.Globalization.CultureInfo.InvariantCulture, out double at) && double.TryParse(all, System.Globalization.CultureInfo.InvariantCulture, out double end) && end > 0
            ? $"{100 * at / end:0}%" : "waits";
    }
}
