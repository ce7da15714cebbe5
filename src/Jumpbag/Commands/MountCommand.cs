using System.CommandLine;
using Jumpbag.Backup.Stores;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Host.Fuse;
using Jumpbag.Mounting;

namespace Jumpbag.Commands;

/// <summary>jumpbag mount LOCATOR DIR</summary>
public static class MountCommand
{
    private static readonly Argument<string> Source = new("locator") { Description = "what to mount, such as disk.img, disk.img@2 or disk.img:/home" };
    private static readonly Argument<string> Folder = new("folder") { Description = "an empty folder" };
    private static readonly Option<bool> All = new("--all") { Description = "a folder for each filesystem, instead of one tree" };
    private static readonly Option<bool> Raw = new("--raw") { Description = "each partition and volume as a plain file, for other programs" };
    private static readonly Option<bool> Kernel = new("--kernel") { Description = "let the kernel mount it, through loop devices (root)" };
    private static readonly Option<bool> AllowOther = new("--allow-other") { Description = "let other users in too, as far as the modes of the files let them" };
    private static readonly Option<bool> Foreground = new("--foreground", "-f") { Description = "stay until it is unmounted or interrupted, and tell of damage as it is met" };
    private static readonly Option<bool> NonEmpty = new("--nonempty") { Description = "also on a folder with files, which are hidden then" };
    private static readonly Option<string> Log = new("--log") { HelpName = "FILE", Description = "in the background, write there what could not be read" };

    public static Command Make()
    {
        var command = new Command("mount") { Source, Folder, All, Raw, Kernel, AllowOther, Foreground, NonEmpty, Log, CommonOptions.DryRun };
        command.Reads(Run);
        return command;
    }

    private static int Run(Reading reading)
    {
        string folder = reading.Parsed.GetRequiredValue(Folder);
        if ((reading.Has(All) ? 1 : 0) + (reading.Has(Raw) ? 1 : 0) + (reading.Has(Kernel) ? 1 : 0) > 1)
            throw new UsageException("--all, --raw and --kernel exclude one another");
        string locator = reading.Parsed.GetRequiredValue(Source);
        bool dryRun = reading.Has(CommonOptions.DryRun);
        if (reading.Has(Kernel))
            return new KernelMounting(reading, locator, folder).Run(dryRun);
        if (dryRun)
        {
            using Served would = Serve(reading, locator, folder);
            _ = MountPoint.Check(ByteString.FromArgument(folder), reading.Has(NonEmpty));
            foreach (string line in would.Plan)
                reading.Out.WriteLine(line);
            return reading.Session.Status;
        }
        if (!reading.Has(Foreground) && !Background.IsServer)
        {
            string shown = StoreAddress.WithoutPassword(locator, out string? password);
            return password is null ? Background.Run() : Background.Run((locator, shown), password);
        }
        return Mount(reading, locator, folder);
    }

    private static int Mount(Reading reading, string locator, string folder)
    {
        Session session = reading.Session;
        string shown = StoreAddress.WithoutPassword(locator, out _);
        CancellationToken stop = session.CatchSignals();
        ByteString point = MountPoint.Check(ByteString.FromArgument(folder), reading.Has(NonEmpty));
        using FileStream? log = reading.Parsed.GetValue(Log) is { } file ? OpenLog(file) : null;
        using Served served = Serve(reading, locator, folder);
        stop.ThrowIfCancellationRequested();
        using FuseMount mount = FuseMount.Start(point, served.Files, new()
        {
            Source = ByteString.FromArgument(shown),
            AllowOther = reading.Has(AllowOther),
            DefaultPermissions = reading.Has(AllowOther) && !reading.Has(Raw),
        });
        if (!mount.IsGuarded)
            session.Events(new Warning("there is no sh or no umount here: should this process be killed, the folder must be unmounted by hand"));
        session.Events(new Status(folder, $"{shown} is mounted, read-only; 'jumpbag umount {folder}' ends it"));
        if (!Background.Ready(served.Missed ? ExitStatus.Partial : session.Status, log))
            return ExitStatus.Interrupted;
        bool unmounted = mount.Wait(stop);
        if (!unmounted)
            throw new OperationCanceledException(stop);
        return served.Missed ? ExitStatus.Partial : session.Status;
    }

    private static Served Serve(Reading reading, string locator, string folder) =>
        reading.Has(Raw) ? Served.RawFiles(reading, locator, folder)
        : reading.Has(All) ? Served.AllFileSystems(reading, locator, folder)
        : Served.Tree(reading, locator, folder);

    private static FileStream OpenLog(string path)
    {
        try
        {
            return new(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"--log {path}: {e.Message}");
        }
    }
}
