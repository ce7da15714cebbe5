using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Host.Fuse;
using Jumpbag.Host.Lvm;

namespace Jumpbag.Snapshots;

public enum SnapshotState
{
    /// <summary>The process that made it runs.</summary>
    InUse,

    /// <summary>The person wanted it to stay.</summary>
    Kept,

    /// <summary>The process that made it is gone.</summary>
    LeftBehind,

    /// <summary>Another machine that has these disks too made it: whether it is in use cannot be told here.</summary>
    Elsewhere,
}

/// <summary>A snapshot that jumpbag made and that is still there.</summary>
/// <param name="Owner">Null where its tag is gone, or it was kept.</param>
/// <param name="Mounts">Where it, and what stands on it, is mounted.</param>
public sealed record MadeSnapshot(LiveVolume Volume, SnapshotState State, SnapshotTag? Owner, IReadOnlyList<MountEntry> Mounts)
{
    public string StateText => State switch
    {
        SnapshotState.InUse => $"in use by process {Owner!.Process}",
        SnapshotState.Kept => "kept",
        SnapshotState.LeftBehind => "left behind",
        _ => $"of {Owner!.Host}",
    };

    /// <summary>All of this machine's.</summary>
    public static IReadOnlyList<MadeSnapshot> All()
    {
        IReadOnlyList<MountEntry> mounts = MountEntry.All();
        return [.. LvmTool.List().Where(volume => volume.Tags.Contains(SnapshotTag.Ours)).Select(volume => Of(volume, mounts))];
    }

    private static MadeSnapshot Of(LiveVolume volume, IReadOnlyList<MountEntry> mounts)
    {
        SnapshotTag? owner = SnapshotTag.Find(volume.Tags);
        SnapshotState state = owner is null ? volume.Tags.Contains(SnapshotTag.Kept) ? SnapshotState.Kept : SnapshotState.LeftBehind
            : !owner.IsOfThisHost ? SnapshotState.Elsewhere : owner.IsAlive ? SnapshotState.InUse : SnapshotState.LeftBehind;
        IReadOnlySet<string> devices = volume.Number is { } number ? MountTable.DevicesOnAndAbove(number) : new HashSet<string>();
        return new(volume, state, owner, [.. mounts.Where(mount => devices.Contains(mount.Device) || IsThroughFuse(mount, volume))]);
    }

    /// <summary>Our own server names what it shows by its locator, which begins with the device.</summary>
    private static bool IsThroughFuse(MountEntry mount, LiveVolume volume)
    {
        string source = mount.Source.ToArgument();
        return mount.Type == FuseMount.Type && volume.Path.Length > 0 && source.StartsWith(volume.Path, StringComparison.Ordinal)
            && (source.Length == volume.Path.Length || source[volume.Path.Length] is '@' or ':');
    }
}

/// <summary>Removes what a crash left behind: mounts (and with them loop devices), snapshots, folders. Never what is in use.</summary>
public sealed class Leftovers(EventSink events, bool dryRun, Action<string> line)
{
    /// <summary>How many could not be removed.</summary>
    public int Failed { get; private set; }

    /// <param name="names">"VG/NAME" of those that are meant; none for all that were left behind.</param>
    /// <exception cref="JumpbagException">A named one is not ours, or in use.</exception>
    public void Clean(IReadOnlyList<string> names)
    {
        IReadOnlyList<MadeSnapshot> made = MadeSnapshot.All();
        List<MadeSnapshot> wanted = names.Count == 0 ? [.. made.Where(one => one.State == SnapshotState.LeftBehind)] : [.. names.Select(name => Named(name, made))];
        foreach (MadeSnapshot one in made.Except(wanted))
            events(new Status(one.Volume.FullName, $"{one.StateText}: it stays"));
        foreach (MadeSnapshot one in wanted)
            Attempt(one.Volume.FullName, () => Remove(one));
        if (names.Count > 0)
            return;
        // Without a snapshot: the process ended between the two.
        HashSet<string> living = [.. made.Except(wanted).Select(one => SnapshotFolders.Of(one.Volume.Group, one.Volume.Name))];
        foreach (string folder in SnapshotFolders.Existing().Where(folder => !living.Contains(folder)))
            Attempt(folder, () => RemoveFolder(folder));
    }

    private static MadeSnapshot Named(string name, IReadOnlyList<MadeSnapshot> made)
    {
        string wanted = name.StartsWith("/dev/", StringComparison.Ordinal) ? name["/dev/".Length..] : name;
        MadeSnapshot found = made.FirstOrDefault(one => one.Volume.FullName == wanted)
            ?? throw new NotFoundException($"{name} is no snapshot that jumpbag made", "'jumpbag snapshot list' shows those; 'lvremove' removes any");
        return found.State == SnapshotState.InUse
            ? throw new UnsupportedException($"{name} is {found.StateText}", $"'kill {found.Owner!.Process}' ends that, and it cleans up itself") : found;
    }

    private void Remove(MadeSnapshot one)
    {
        foreach (MountEntry mount in one.Mounts.Reverse())
            Do($"umount {ShellWord.Quote(mount.MountPoint.ToArgument())}", () => SnapshotMounts.Unmount(mount.MountPoint, events));
        Do(LvmTool.Line("lvremove", ["--yes", one.Volume.FullName]), () => LiveSnapshot.Remove(one.Volume.FullName));
        RemoveFolder(SnapshotFolders.Of(one.Volume.Group, one.Volume.Name));
        if (!dryRun)
            events(new Status(one.Volume.FullName, "removed"));
    }

    private void RemoveFolder(string folder)
    {
        if (Directory.Exists(folder))
            Do($"rmdir {ShellWord.Quote(folder)}", () => SnapshotFolders.Remove(folder));
    }

    private void Do(string text, Action action)
    {
        if (dryRun)
            line(text);
        else
            action();
    }

    private void Attempt(string subject, Action action)
    {
        try
        {
            action();
        }
        catch (JumpbagException e)
        {
            Failed++;
            events(new SourceFailed(subject, e.Message, e.Hint));
        }
    }
}
