using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>What am I: release, kernel, boot, virtual or not, container, rescue system.</summary>
internal static class MachineProbe
{
    /// <summary>Words of the kernel's command line that boot into repair instead of service.</summary>
    private static readonly string[] RescueWords = ["single", "s", "S", "1", "rescue", "emergency", "systemd.unit=rescue.target", "systemd.unit=emergency.target", "boot=live", "archisobasedir=sysresccd"];

    private static readonly string[] LiveRoots = ["tmpfs", "rootfs", "overlay", "squashfs", "ramfs"];

    public static void Run(ProbeContext context)
    {
        (string host, string release, string machine) = KernelState.Name();
        string os = context.Text("/etc/os-release") ?? context.Text("/usr/lib/os-release") ?? "";
        context.Info("release", host, $"{OsRelease.PrettyName(os) ?? "unknown system"}, Linux {release}, {machine}", "/etc/os-release, uname");
        Boot(context, host);
        Hardware(context, host);
        Rescue(context, host, os);
    }

    private static void Boot(ProbeContext context, string host)
    {
        string[]? words = context.Files.Line("/proc/uptime")?.Split(' ');
        if (words is not [var first, ..] || !double.TryParse(first, CultureInfo.InvariantCulture, out double seconds))
            return;
        var up = TimeSpan.FromSeconds(seconds);
        DateTimeOffset booted = context.Now - up;
        context.Info("boot", host, $"up {Since.Span(up)}, booted {Since.Full(booted)} UTC", "/proc/uptime", moves: true);
        if (up < TimeSpan.FromDays(1))
            context.Changed("booted", host, $"booted {Since.Clock(booted, context.Now)}, {Since.Span(up)} ago", "/proc/uptime", "last -x reboot shutdown");
    }

    private static void Hardware(ProbeContext context, string host)
    {
        IFiles files = context.Files;
        string cpus = files.Text("/proc/cpuinfo") ?? "";
        int count = cpus.Split('\n').Count(line => line.StartsWith("processor", StringComparison.Ordinal));
        string memory = files.Text("/proc/meminfo") is { } text && Counters.Of(text).TryGetValue("MemTotal", out long kilobytes) ? ByteSize.Format(kilobytes << 10) : "?";
        context.Info("hardware", host, $"{Kind(files, cpus)}, {count} CPUs, {memory} memory", "/sys/class/dmi/id, /proc/cpuinfo, /proc/meminfo");
        if (Container(files) is { } container)
            context.Info("container", host, $"runs in a container ({container}): disks and kernel are the host's", "/run, /proc/1/environ");
    }

    private static string Kind(IFiles files, string cpus)
    {
        string vendor = files.Line("/sys/class/dmi/id/sys_vendor") ?? "", product = files.Line("/sys/class/dmi/id/product_name") ?? "";
        string name = $"{vendor} {product}".Trim();
        bool isVirtual = cpus.Contains(" hypervisor", StringComparison.Ordinal) || files.Line("/sys/hypervisor/type") is not null;
        return $"{(isVirtual ? "virtual machine" : "physical machine")}{(name.Length > 0 ? $" ({FilesExtensions.Shown(name)})" : "")}";
    }

    private static string? Container(IFiles files)
    {
        if (files.Line("/run/systemd/container") is { } named)
            return FilesExtensions.Shown(named);
        if (files.Stat("/.dockerenv") is not null)
            return "docker";
        if (files.Stat("/run/.containerenv") is not null)
            return "podman";
        return null;
    }

    private static void Rescue(ProbeContext context, string host, string os)
    {
        string line = context.Text("/proc/cmdline") ?? "";
        string? word = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(word => Array.IndexOf(RescueWords, word) >= 0 || word.StartsWith("init=/bin/", StringComparison.Ordinal));
        byte[]? table = context.Files.Read("/proc/self/mountinfo", 1 << 20);
        string? root = table is null ? null : MountEntry.Parse(table).LastOrDefault(entry => entry.MountPoint == ByteString.FromText("/"))?.Type;
        string? why = OsRelease.IsRescueSystem(os) ? "/etc/os-release is a rescue system's"
            : word is not null ? $"booted with '{FilesExtensions.Shown(word)}'"
            : root is not null && Array.IndexOf(LiveRoots, root) >= 0 && Container(context.Files) is null ? $"the root is a {root}" : null;
        if (why is not null)
            context.Warning("rescue", host, $"this is a rescue or live system: {why}", "/proc/cmdline, /proc/self/mountinfo", "the patient's disks: jumpbag inspect /dev/…; its facts: jumpbag facts --source /dev/…");
        if (context.Files.Stat("/run/reboot-required") is not null || context.Files.Stat("/var/run/reboot-required") is not null)
            context.Changed("reboot", host, "a reboot is wanted by packages that were updated", "/run/reboot-required", "cat /run/reboot-required.pkgs");
    }
}
