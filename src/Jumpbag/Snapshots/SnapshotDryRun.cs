using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;
using Jumpbag.Host.Lvm;
using Jumpbag.Storage.Layers;
using Jumpbag.Terminal;

namespace Jumpbag.Snapshots;

/// <summary>
/// The lines that do by hand what a snapshot would do, for a person to read, learn from, or run. What is in the snapshot is taken
/// from the origin, which is only read.
/// </summary>
public static class SnapshotDryRun
{
    public static void Write(SnapshotRequest request, EventSink events, Output output)
    {
        SnapshotPlan plan = SnapshotPlan.Make(request.Origin, request.Size);
        events(new Status(plan.Origin.FullName, plan.Explanation));
        string device = $"/dev/{plan.FullName}", folder = request.MountFolder ?? SnapshotFolders.Of(plan.Origin.Group, plan.Name);
        if (request.Before is { } before)
            output.WriteLine(ByteString.FromArgument(before).ToString());
        output.WriteLine(LvmTool.Line("lvcreate", new LiveSnapshot(plan).CreateArguments));
        if (request.After is { } after)
            output.WriteLine(ByteString.FromArgument(after).ToString());
        output.WriteLine($"mkdir -p {ShellWord.Quote(folder)}");
        using (SourceSet sources = SourceSet.Open(plan.Origin.Path, []))
        {
            var opener = new FileSystemOpener(sources, replay: true);
            var finder = new GuestFinder(opener, events, null);
            Layer root = finder.Find(request.Partition);
            Mount(root, folder);
            if (finder.IsJoined && !FileSystemFormats.CanRead(root.Signature!.Format))
                output.WriteLine($"# What /etc/fstab joins is known once this {root.Signature.Format} is mounted.");
            else if (finder.IsJoined)
                foreach ((ByteString path, Layer layer) in finder.Joined(root, new FileTree(opener.Open(root)).ReadSmallFile(ByteString.FromText("/etc/fstab"), Fstab.LargestSize)))
                    Mount(layer, folder + path.ToArgument());
        }
        if (request.Command.Count > 0)
            output.WriteLine(string.Join(' ', request.CommandFor(folder).Select(word => ShellWord.Quote(word.ToString()))));
        else
            output.WriteLine("# It stays mounted until you have enough.");
        output.WriteLine($"umount -R {ShellWord.Quote(folder)}");
        if (!request.Keep)
            output.WriteLine(LvmTool.Line("lvremove", ["--yes", plan.FullName]));
        output.WriteLine($"rmdir {ShellWord.Quote(folder)}");

        void Mount(Layer layer, string place) =>
            output.WriteLine(SnapshotMounts.Line(device, device + layer.Locator[plan.Origin.Path.Length..], layer, ByteString.FromArgument(place).ToString()));
    }
}
