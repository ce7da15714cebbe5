using System.Globalization;
using Jumpbag.Facts.Files;

namespace Jumpbag.Facts.Probes;

/// <summary>What the kernel says of its disks: gone, blocked, with errors, with requests that don't come back.</summary>
internal static class DisksProbe
{
    public static void Run(ProbeContext context)
    {
        if (context.Files.Stat("/sys/block") is null)
        {
            context.Missing("/sys is not mounted");
            return;
        }
        FileEntry[] disks = [.. BlockDevices.Disks(context)];
        Dictionary<string, (long Done, long Waiting)> before = disks.ToDictionary(disk => disk.Name, disk => Requests(context.Files, disk));
        foreach (FileEntry disk in disks)
        {
            context.At(disk.Name);
            context.Info("disk", disk.Name, BlockDevices.Describe(context.Files, disk), disk.Path);
            State(context, disk);
            Counters(context, disk);
        }
        Controllers(context);
        Stalled(context, disks, before);
    }

    private static void State(ProbeContext context, FileEntry disk)
    {
        IFiles files = context.Files;
        string source = $"{disk.Path}/device/state";
        switch (files.Line(source))
        {
            case "offline" or "transport-offline" or "dead" or "deleting":
                context.Critical("state", disk.Name, $"is {files.Line(source)}: the kernel has given it up", source, $"cable, controller, power; then echo 1 >{disk.Path}/device/rescan, or replace it");
                break;
            case "blocked" or "quiesce":
                context.Critical("state", disk.Name, $"is {files.Line(source)}: it takes no requests now", source, "dmesg -T | tail; the controller or the network to it");
                break;
        }
        if (files.Number($"{disk.Path}/ro") == 1 && files.Number($"{disk.Path}/removable") != 1)
            context.Warning("readOnly", disk.Name, "the disk takes no writes", $"{disk.Path}/ro", "solid state disks do that at their end: jumpbag facts --only smart");
    }

    private static void Counters(ProbeContext context, FileEntry disk)
    {
        // "0x3": since the kernel found the disk.
        if (Hexadecimal(context.Files.Line($"{disk.Path}/device/ioerr_cnt")) is { } errors)
        {
            long requests = Hexadecimal(context.Files.Line($"{disk.Path}/device/iorequest_cnt")) ?? 0;
            // Some commands are refused at start by every disk.
            bool many = errors > 50 && (requests == 0 || errors > requests / 100_000);
            context.Add(many ? FactLevel.Warning : FactLevel.Info, "ioErrors", disk.Name, $"{errors} requests failed of {requests} since boot", $"{disk.Path}/device/ioerr_cnt", many ? "jumpbag facts --only kernel,smart" : null, moves: !many);
        }
        foreach (string count in new[] { "command_error_count", "reset_count", "timeout_count" })
            if (context.Files.Number($"{disk.Path}/device/{count}") is > 0 and var number)
                context.Warning(count, disk.Name, $"{count.Replace('_', ' ')} {number}", $"{disk.Path}/device/{count}", "nvme smart-log, nvme error-log");
    }

    private static void Controllers(ProbeContext context)
    {
        foreach (FileEntry controller in context.List("/sys/class/nvme"))
            if (context.Files.Line($"{controller.Path}/state") is { } state and not "live")
                context.Critical("state", controller.Name, $"the controller is {state}, not live", $"{controller.Path}/state", "dmesg -T | grep -i nvme; a cold start of the machine may bring it back");
        foreach (FileEntry link in context.List("/sys/class/ata_link"))
            if (context.Files.Line($"{link.Path}/sata_spd_limit") is { } limit && context.Files.Line($"{link.Path}/hw_sata_spd_limit") is { } hardware && limit != hardware && hardware != "<unknown>")
                context.Warning("speed", link.Name, $"slowed down to {limit} from {hardware} after errors", $"{link.Path}/sata_spd_limit", "cable or backplane");
    }

    /// <summary>A disk with requests that waits for none of them to be done.</summary>
    private static void Stalled(ProbeContext context, FileEntry[] disks, Dictionary<string, (long Done, long Waiting)> before)
    {
        if (before.Values.All(counts => counts.Waiting == 0))
            return;
        Thread.Sleep(1500);
        foreach (FileEntry disk in disks)
            if (Requests(context.Files, disk) is var now && before[disk.Name] is { Waiting: > 0 } then && now.Waiting > 0 && now.Done == then.Done)
                context.Critical("stalled", disk.Name, $"{now.Waiting} requests wait and none was done in 1.5 s", $"{disk.Path}/stat", "dmesg -T | tail; what waits: jumpbag facts --only pressure");
    }

    /// <summary>Reads and writes that were done, and those in flight (Documentation/block/stat.rst).</summary>
    private static (long Done, long Waiting) Requests(IFiles files, FileEntry disk)
    {
        string[] fields = (files.Line($"{disk.Path}/stat") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 9 ? (0, 0) : (Number(fields[0]) + Number(fields[4]), Number(fields[8]));
    }

    private static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;

    private static long? Hexadecimal(string? text) =>
        text is not null && text.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long number) ? number : null;
}
