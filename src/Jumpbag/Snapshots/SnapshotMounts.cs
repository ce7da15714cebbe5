using System.Diagnostics;
using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.Host;
using Jumpbag.Host.Fuse;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Snapshots;

/// <summary>
/// Mounts the filesystems of a snapshot, and takes them off again. The kernel mounts what stands on the snapshot or in a partition
/// of it, read-only but on a writable device, so that it replays a journal into the snapshot; what it refuses, and all that is in
/// a guest's own volume group and that this program can read, is mounted through FUSE by it.
/// </summary>
/// <param name="device">The snapshot's.</param>
/// <param name="folder">Where the root comes to stand.</param>
public sealed class SnapshotMounts(string device, string folder, UndoStack undo, EventSink events, CancellationToken stop)
{
    /// <summary>How long a mount may stay busy, and how long our own server may take to replay a journal and start.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), StartPatience = TimeSpan.FromMinutes(2), Pause = TimeSpan.FromMilliseconds(100);

    private static readonly ByteString Root = ByteString.FromText("/");

    /// <summary>Mounts a filesystem at a path of the tree.</summary>
    /// <exception cref="JumpbagException">It cannot be mounted in any way.</exception>
    public void Mount(Layer layer, ByteString path)
    {
        ByteString place = Place(path);
        string name = layer.Signature!.Format;
        if (KernelFormats.Of(layer) is { } format)
        {
            Errno error = ByKernel(layer, path, format);
            if (error == Errno.None)
            {
                undo.Push(() => Unmount(place, events));
                events(new Status($"{layer.Locator} at {path}", $"{name}, mounted read-only{(path == Root ? $" on {folder}" : "")}"));
                return;
            }
            if (!FileSystemFormats.CanRead(name))
                throw error.Failed($"{layer.Locator}: the kernel does not mount this {name}", "'dmesg' says more");
            events(new Warning($"{layer.Locator}: the kernel does not mount it ({error.Describe()}): it is read through FUSE instead", "'dmesg' says more"));
        }
        ThroughFuse(layer, place);
        events(new Status($"{layer.Locator} at {path}", $"{name}, mounted through FUSE{(path == Root ? $" on {folder}" : "")}"));
    }

    /// <summary>Whether one of these paths is in a filesystem: for this it is mounted for a moment.</summary>
    public bool Has(Layer layer, IReadOnlyList<ByteString> paths)
    {
        if (KernelFormats.Of(layer) is not { } format)
            return false;
        Errno error = ByKernel(layer, Root, format);
        if (error != Errno.None)
            throw error.Failed($"{layer.Locator}: the kernel does not mount this {layer.Signature!.Format}", "'dmesg' says more");
        try
        {
            return paths.Any(path => MountDirectory.ReadBelow(folder, path, 1) is not null);
        }
        finally
        {
            Unmount(Place(Root), events);
        }
    }

    /// <summary>A file of the tree as it is mounted, links resolved within it; null where there is none.</summary>
    public byte[]? Read(ByteString path, int most) => MountDirectory.ReadBelow(folder, path, most);

    /// <summary>The line that does the same by hand.</summary>
    public static string Line(string device, string locator, Layer layer, string place)
    {
        if (KernelFormats.Of(layer) is not { } format)
            return $"jumpbag mount {ShellWord.Quote(locator)} {ShellWord.Quote(place)}";
        string loop = layer.Kind == LayerKind.Disk ? "" : string.Create(CultureInfo.InvariantCulture, $",loop,offset={format.Offset},sizelimit={format.Length}");
        string own = format.Options.Length > 0 ? "," + format.Options : "";
        return $"mount -t {format.Type} -o ro,nosuid,nodev{own}{loop} {device} {ShellWord.Quote(place)}";
    }

    /// <summary>Where a path of the tree is on this machine, by the kernel's word: links in a guest lead nowhere outside of it.</summary>
    private ByteString Place(ByteString path)
    {
        // Opened anew each time: the root may be mounted on it since.
        if (path == Root)
        {
            MountPoint.RealPath(ByteString.FromArgument(folder), out ByteString top).ThrowIfFailed(folder);
            return top;
        }
        Errno error = MountDirectory.OpenBelow(folder, path, out MountDirectory? found);
        if (error == Errno.NotImplemented)
            throw new UnsupportedException("this kernel is older than Linux 5.6 and cannot look for folders inside a guest safely");
        error.ThrowIfFailed($"{path} in the snapshot");
        using (found)
            return found!.Path;
    }

    private Errno ByKernel(Layer layer, ByteString path, KernelFormat format)
    {
        ByteString top = ByteString.FromArgument(folder);
        if (layer.Kind == LayerKind.Disk)
            return MountPoint.Mount(device, top, path, format.Type, format.Options);
        using LoopDevice loop = LoopDevice.AttachWritable(device, format.Offset, format.Length);
        return MountPoint.Mount(loop.Path, top, path, format.Type, format.Options);
    }

    /// <summary>Our own server, as a process of its own: a person may look at it, and it ends when its mount is taken off.</summary>
    private void ThroughFuse(Layer layer, ByteString place)
    {
        var start = new JobStart("/proc/self/exe", [.. new[] { "jumpbag", "mount", "--foreground", "--allow-other", "--nonempty", "--quiet", layer.Locator, place.ToArgument() }.Select(ByteString.FromArgument)]) { PrintsToErrors = true };
        Job server = Job.Start(start);
        undo.Push(() =>
        {
            using (server)
            {
                if (IsMounted(place))
                    Unmount(place, events);
                if (server.Wait(Patience) is null)
                    server.Stop(Signals.Terminate, Patience);
            }
        });
        long begin = Stopwatch.GetTimestamp();
        while (!IsMounted(place))
        {
            stop.ThrowIfCancellationRequested();
            if (server.Wait(Pause) is { } ended)
                throw new FailedException($"{layer.Locator} could not be mounted through FUSE ({ended})");
            if (Stopwatch.GetElapsedTime(begin) > StartPatience)
                throw new FailedException($"{layer.Locator} was not mounted through FUSE in {StartPatience.TotalSeconds:0} s");
        }
    }

    private static bool IsMounted(ByteString place) => MountEntry.At(place) is { Type: FuseMount.Type };

    /// <summary>Takes a mount off, again and again while it is busy, and in the end out of sight at least.</summary>
    /// <exception cref="FailedException">The kernel refuses even that.</exception>
    public static void Unmount(ByteString place, EventSink events)
    {
        long begin = Stopwatch.GetTimestamp();
        Errno error;
        while ((error = MountPoint.Unmount(place)) == Errno.Busy && Stopwatch.GetElapsedTime(begin) < Patience)
            Thread.Sleep(Pause);
        if (error == Errno.Busy)
        {
            IReadOnlyList<string> holders = MountHolders.Find(place);
            events(new Warning($"{place} is still in use{(holders.Count > 0 ? $": {string.Join(", ", holders.Take(5))}" : "")}; it is taken out of sight, and off once nobody uses it any more"));
            error = MountPoint.Unmount(place, detach: true);
        }
        // Someone else may have been faster.
        if (error is not (Errno.None or Errno.Invalid or Errno.NoEntry))
            throw error.Failed($"umount {place}");
    }
}
