using Jumpbag.Facts.Probes;

namespace Jumpbag.Facts.Running;

/// <summary>A probe that is to be run, and what it is told.</summary>
/// <param name="Name">Under which it reports: "mount /srv" of the probe "mount".</param>
/// <param name="Wanted">See <see cref="ProbeContext.Wanted"/>.</param>
public sealed record ProbeTask(Probe Probe, string Name, IReadOnlyList<string> Wanted)
{
    public static ProbeTask Of(Probe probe, params IReadOnlyList<string> wanted) => new(probe, probe.Name, wanted);

    /// <summary>One for each mount that may never answer.</summary>
    public static IEnumerable<ProbeTask> OfMounts(byte[] mountinfo) =>
        FileSystemsProbe.MountsThatMayHang(mountinfo).Select(mount => new ProbeTask(Probe.Mount, $"{Probe.Mount.Name} {mount}", [mount]));
}
