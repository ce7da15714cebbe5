using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Host.Fuse;

namespace Jumpbag.Commands;

/// <summary>jumpbag umount DIR…</summary>
public static class UmountCommand
{
    private const int MostHoldersShown = 8;

    private static readonly Argument<string[]> Folders = new("folder") { Arity = ArgumentArity.OneOrMore, Description = "where something was mounted by jumpbag" };
    private static readonly Option<bool> Lazy = new("--lazy", "-l") { Description = "take it away at once, though it is in use; it ends with its last user" };

    public static Command Make()
    {
        var command = new Command("umount") { Folders, Lazy, CommonOptions.DryRun, CommonOptions.Quiet };
        command.Runs((parsed, session) =>
        {
            foreach (string folder in parsed.GetRequiredValue(Folders))
                Unmount(folder, parsed.GetValue(Lazy), parsed.GetValue(CommonOptions.DryRun), session);
            return session.Status;
        });
        return command;
    }

    private static void Unmount(string folder, bool lazy, bool dryRun, Session session)
    {
        ByteString path = Find(folder);
        MountEntry mounted = MountEntry.At(path)
            ?? throw new FailedException($"{folder}: nothing is mounted there", "'findmnt' lists what is mounted where");
        // What the kernel mounted for us may have others of ours joined to it.
        bool isServed = mounted.Type == FuseMount.Type;
        if (!isServed && !LoopDevice.IsOurs(mounted.Source))
            throw new UnsupportedException($"{folder}: {mounted.Source} ({mounted.Type}) was not mounted by jumpbag", "umount(8) unmounts it");
        List<ByteString> all = [.. isServed ? [] : MountEntry.Below(path).Where(below => LoopDevice.IsOurs(below.Source)).Select(below => below.MountPoint), path];
        if (dryRun)
        {
            foreach (ByteString one in all)
                session.Out.WriteLine($"{(isServed && ProcessIdentity.EffectiveUser != 0 ? "fusermount3 -u" : "umount")}{(lazy ? isServed && ProcessIdentity.EffectiveUser != 0 ? " -z" : " -l" : "")} {one}");
            return;
        }
        foreach (ByteString one in all)
        {
            string? refusal = isServed ? FuseMount.Unmount(one, lazy) : Refusal(MountPoint.Unmount(one, detach: lazy));
            if (refusal is not null)
                throw Busy(one, refusal);
        }
        session.Events(new Status(folder, "unmounted"));
    }

    private static string? Refusal(Errno error) => error == Errno.None ? null : error.Describe();

    /// <summary>The whole path; of a folder that cannot be looked at, as it was given.</summary>
    private static ByteString Find(string folder)
    {
        ByteString given = ByteString.FromArgument(folder);
        Errno error = MountPoint.RealPath(given, out ByteString path);
        if (error == Errno.NoEntry)
            throw new NotFoundException($"{folder}: no such folder");
        return error == Errno.None ? path : ByteString.FromArgument(Path.GetFullPath(folder.TrimEnd('/')));
    }

    private static FailedException Busy(ByteString path, string refusal)
    {
        IReadOnlyList<string> holders = MountHolders.Find(path);
        if (holders.Count == 0)
            return new($"{path}: {refusal}", refusal.Contains("busy", StringComparison.Ordinal) ? $"root can see who uses it; 'jumpbag umount --lazy {path}' takes it away at once" : null);
        string shown = string.Join(", ", holders.Take(MostHoldersShown)) + (holders.Count > MostHoldersShown ? $" and {holders.Count - MostHoldersShown} more" : "");
        return new($"{path}: is in use: {shown}", $"end these, or 'jumpbag umount --lazy {path}' takes it away at once");
    }
}
