using System.Diagnostics;
using Jumpbag.Core;

namespace Jumpbag.Host.Lvm;

/// <summary>A snapshot on this machine: made, watched, and removed or kept.</summary>
public sealed class LiveSnapshot(SnapshotPlan plan)
{
    /// <summary>udev and others open a device for a moment and let go; who holds it longer keeps it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15), Pause = TimeSpan.FromMilliseconds(250);

    private readonly SnapshotTag owner = SnapshotTag.Own();
    private LiveVolume? volume;

    public SnapshotPlan Plan => plan;

    /// <summary>Once it is made.</summary>
    public LiveVolume Volume => volume ?? throw new InvalidOperationException("not made yet");

    public string FullName => plan.FullName;

    /// <summary>"/dev/vg/name"</summary>
    public string Path => Volume.Path;

    public IReadOnlyList<string> CreateArguments => plan.CreateArguments(owner);

    public void Create()
    {
        ProgramRun made = LvmTool.Run("lvcreate", CreateArguments);
        volume = LvmTool.Find(FullName) ?? throw new FailedException($"{FullName}: lvcreate made it, but lvs does not list it");
        if (!volume.IsActive)
            Activate(made);
        // The node may come from udev, a moment later.
        long begin = Stopwatch.GetTimestamp();
        while (!File.Exists(volume.Path))
        {
            if (Stopwatch.GetElapsedTime(begin) > Patience)
                throw new FailedException($"{volume.Path}: the device does not appear", "'lvchange -ay' and 'dmsetup info' tell more");
            Thread.Sleep(20);
        }
    }

    /// <summary>A thin one is made to be skipped; another one is active already, unless lvcreate had a reason, which it says and succeeds all the same.</summary>
    private void Activate(ProgramRun made)
    {
        // It asks, where an origin comes along.
        ProgramRun run = LvmTool.TryRun("lvchange", ["--yes", "--activate", "y", "--ignoreactivationskip", FullName]);
        if (!run.Succeeded)
            throw new FailedException($"lvchange: {run.Complaint}", made.Errors.Length > 0 ? $"lvcreate had said: {made.Complaint}" : null);
    }

    /// <summary>Of its store, or of the pool.</summary>
    public SnapshotFill Fill() => SnapshotFill.Of(Volume.IsThin ? Volume.PoolMapperName : Volume.MapperName);

    /// <summary>From now on nobody takes it for left behind.</summary>
    public void Keep() => LvmTool.Run("lvchange", ["--addtag", SnapshotTag.Kept, "--deltag", owner.Owner, FullName]);

    public void Remove() => Remove(FullName);

    /// <summary>Removes a snapshot if it is there, and tries again while something holds it for a moment.</summary>
    /// <exception cref="FailedException">It is there and cannot be removed.</exception>
    public static void Remove(string fullName)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            ProgramRun run = LvmTool.TryRun("lvremove", ["--yes", fullName]);
            if (run.Succeeded || LvmTool.Find(fullName) is null)
                return;
            if (Stopwatch.GetElapsedTime(begin) > Patience)
                throw new FailedException($"the snapshot {fullName} could not be removed: {run.Complaint}",
                    $"it fills up until it is: 'fuser -vm /dev/{fullName}' shows who holds it, 'lvremove {fullName}' removes it");
            Thread.Sleep(Pause);
        }
    }
}
