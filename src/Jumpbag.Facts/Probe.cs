using Jumpbag.Facts.Probes;

namespace Jumpbag.Facts;

/// <summary>One question to the machine, asked by a process of its own.</summary>
/// <param name="Asks">What it looks at, in a few words.</param>
/// <param name="Deadline">After which it is given up.</param>
public sealed record Probe(string Name, string Asks, TimeSpan Deadline, Action<ProbeContext> Run)
{
    /// <summary>All, in the order in which what they found stands among equals. A new one is a file in Probes/ and a line here.</summary>
    public static readonly IReadOnlyList<Probe> All =
    [
        new("machine", "what this is: release, boot, virtual or not, rescue system", Seconds(3), MachineProbe.Run),
        new("kernel", "errors in the kernel's log, its taint", Seconds(4), KernelProbe.Run),
        new("pressure", "stalls, memory, out-of-memory kills, stuck tasks", Seconds(5), PressureProbe.Run),
        new("filesystems", "full, read-only or with errors", Seconds(5), FileSystemsProbe.Run),
        new("deleted", "deleted files that are still open", Seconds(8), DeletedProbe.Run),
        new("disks", "state and errors of disks", Seconds(5), DisksProbe.Run),
        new("smart", "what disks say of their health, sleeping ones left asleep", Seconds(15), SmartProbe.Run),
        new("raid", "arrays", Seconds(5), RaidProbe.Run),
        new("lvm", "volumes, thin pools, snapshots, multipath", Seconds(5), VolumesProbe.Run),
        new("databases", "MariaDB, MySQL, PostgreSQL: replication, locks, connections", Seconds(12), DatabasesProbe.Run),
        new("network", "links, routes, name servers, queues", Seconds(6), NetworkProbe.Run),
        new("time", "whether the clock is right", Seconds(3), TimeProbe.Run),
        new("units", "failed units", Seconds(8), UnitsProbe.Run),
        new("logs", "errors in the logs", Seconds(12), LogsProbe.Run),
        new("crashes", "traces of crashes", Seconds(5), CrashesProbe.Run),
        new("changes", "packages, /etc, kernels, timers", Seconds(10), ChangesProbe.Run),
        new("logins", "who came in, sudo", Seconds(10), LoginsProbe.Run),
    ];

    /// <summary>A mount that may never answer is asked by a process of its own, which reports under this name and the mount point.</summary>
    public static readonly Probe Mount = new("mount", "one mount over a network or FUSE", Seconds(4), FileSystemsProbe.RunOne);

    public static Probe? Find(string name) => name == Mount.Name ? Mount : All.FirstOrDefault(probe => probe.Name == name);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
