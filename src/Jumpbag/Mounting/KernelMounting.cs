using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.FileSystems.Mounting;
using Jumpbag.Host;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Mounting;

/// <summary>mount --kernel: a loop device and the kernel's mount for each filesystem of the tree; all of them, or none.</summary>
public sealed class KernelMounting(Reading reading, string text, string folder)
{
    public int Run(bool dryRun)
    {
        List<KernelMount> mounts = Plan();
        ByteString point = MountPoint.Check(ByteString.FromArgument(folder));
        if (dryRun)
        {
            foreach ((int index, KernelMount mount) in mounts.Index())
                foreach (string line in mount.Lines(folder, index + 1))
                    reading.Out.WriteLine(line);
            return reading.Session.Status;
        }
        if (ProcessIdentity.EffectiveUser != 0)
            throw new FailedException("mount --kernel: only root may", "without --kernel no root is needed");
        CancellationToken stop = reading.Session.CatchSignals();
        int done = 0;
        try
        {
            for (; done < mounts.Count; done++)
            {
                stop.ThrowIfCancellationRequested();
                mounts[done].Run(point);
            }
        }
        catch
        {
            // The deepest first; with the last user of each the kernel detaches its loop device.
            foreach (MountEntry below in MountEntry.Below(point).Where(entry => LoopDevice.IsOurs(entry.Source)).ToList())
                _ = MountPoint.Unmount(below.MountPoint, detach: true);
            if (done > 0)
                _ = MountPoint.Unmount(point, detach: true);
            throw;
        }
        string options = string.Join(' ', mounts.Select(mount => mount.Options).Where(option => option.Length > 0).Distinct());
        reading.Session.Events(new Status(folder, $"{text} is mounted by the kernel, read-only{(options.Length > 0 ? $" ({options})" : "")}; 'jumpbag umount {folder}' ends it"));
        return reading.Session.Status;
    }

    private List<KernelMount> Plan()
    {
        bool replay = !reading.Has(CommonOptions.NoReplay);
        Layer layer = reading.Places.OpenLayer(text, out Locator locator);
        if (locator.Path is { Length: > 1 })
            throw new UsageException($"{text}: the kernel mounts whole filesystems", "leave the path away, or --kernel");
        if (layer.Signature is { } signature && !FileSystemFormats.CanRead(signature.Format))
            return [KernelMount.Of(layer, ByteString.FromText("/"), null, replay)];
        Place place = reading.Places.Open(text);
        FileSystemOpener opener = reading.Places.Source(locator.Source);
        var mounts = new List<KernelMount>();
        foreach ((ByteString path, FileSystem fileSystem) in place.Tree.Mounts)
        {
            Layer of = opener.Opened.First(opened => ReferenceEquals(opened.Value, fileSystem)).Key;
            mounts.Add(KernelMount.Of(of, path, fileSystem.Summary.State, replay));
        }
        return mounts;
    }
}
