using System.Diagnostics;
using System.Globalization;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;
using Jumpbag.Host.Lvm;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Snapshots;

/// <summary>
/// One snapshot from its making to its removal. Each stage puts what undoes it on the stack before it begins, and the stack is run
/// whatever the end is: done, failed, or told to stop by Ctrl-C, SIGTERM or a lost terminal.
/// </summary>
public sealed class SnapshotRun(SnapshotRequest request, Session session)
{
    /// <summary>How long a command may take to end once it was asked to.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10), Slice = TimeSpan.FromMilliseconds(200);

    private readonly UndoStack undo = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private CancellationToken stop;
    private bool keep;

    /// <returns>The command's exit status, or ours where it did not come to it.</returns>
    public int Run()
    {
        // Never ended by a second Ctrl-C: a snapshot left behind fills up.
        stop = session.CatchSignals(always: true);
        if (request.Command.Count > 0 && Programs.TryFind(request.Command[0].ToArgument()) is null)
            throw new NotFoundException($"{request.Command[0]}: {(Path.Exists(request.Command[0].ToArgument()) ? "is not a program that can be run" : "there is no such program")}",
                "the command stands behind --, as in: -- rsync -a {}/ /backup");
        SnapshotPlan plan = SnapshotPlan.Make(request.Origin, request.Size);
        if (request.Size is not null && plan.Size is null)
            session.Events(new Warning($"--size is not needed: {plan.Origin.FullName} is thin, and so is its snapshot"));
        session.Events(new Status(plan.Origin.FullName, plan.Explanation));
        var snapshot = new LiveSnapshot(plan);
        int status;
        bool clean = false;
        try
        {
            status = Stages(snapshot);
        }
        finally
        {
            clean = CleanUp(snapshot);
        }
        return clean || status != ExitStatus.Done ? status : ExitStatus.Failed;
    }

    private int Stages(LiveSnapshot snapshot)
    {
        Make(snapshot);
        keep = request.Keep;
        var watch = new FillWatch(snapshot, session.Events);
        string folder = MakeFolder(snapshot);
        MountAll(snapshot, folder);
        try
        {
            watch.Check();
            stop.ThrowIfCancellationRequested();
            int status = request.Command.Count > 0 ? RunCommand(snapshot, folder, watch) : Wait(snapshot, folder, watch);
            // What was read is worth something only if the snapshot still stands now that the reading is over.
            watch.Check();
            session.Events(new Status(snapshot.FullName, $"{(request.Command.Count > 0 ? $"the command ended with status {status}" : "done")} after {Seconds()}; {watch.Text}"));
            return status;
        }
        catch (FailedException) when (watch.Latest.Failure is not null)
        {
            keep = false;
            throw;
        }
    }

    /// <summary>--before, lvcreate, --after: the last whenever the first was begun, and at once.</summary>
    private void Make(LiveSnapshot snapshot)
    {
        stop.ThrowIfCancellationRequested();
        bool due = request.Before is not null;
        JumpbagException? failure = null;
        try
        {
            new ShellHook("--before", request.Before, snapshot, stop).Run();
            stop.ThrowIfCancellationRequested();
            undo.Push(() => End(snapshot));
            snapshot.Create();
            due = true;
        }
        catch (JumpbagException e)
        {
            failure = e;
            throw;
        }
        finally
        {
            if (due)
                RunAfter(snapshot, failure);
        }
        session.Events(new Status(snapshot.FullName, $"made of {snapshot.Plan.Origin.FullName}"));
        stop.ThrowIfCancellationRequested();
    }

    /// <summary>What was frozen is thawed even when the person wants all to stop.</summary>
    private void RunAfter(LiveSnapshot snapshot, JumpbagException? failure)
    {
        try
        {
            new ShellHook("--after", request.After, snapshot, CancellationToken.None).Run();
        }
        catch (JumpbagException e) when (failure is not null)
        {
            // What came first is what the person is told in the end; this is told too.
            session.Events(new SourceFailed(snapshot.FullName, e.Message, e.Hint));
        }
    }

    private string MakeFolder(LiveSnapshot snapshot)
    {
        string folder = request.MountFolder is { } chosen ? Path.GetFullPath(chosen) : SnapshotFolders.Of(snapshot.Volume.Group, snapshot.Volume.Name);
        if (request.MountFolder is null)
            SnapshotFolders.MakeTop();
        else if (Directory.Exists(folder))
            return Directory.EnumerateFileSystemEntries(folder).Any()
                ? throw new UnsupportedException($"{folder} is not empty, and a mount would hide what is in it", "name an empty folder, or none") : folder;
        undo.Push(() => SnapshotFolders.Remove(folder));
        Directory.CreateDirectory(folder);
        return folder;
    }

    private void MountAll(LiveSnapshot snapshot, string folder)
    {
        SourceSet sources = SourceSet.Open(snapshot.Path, []);
        undo.Push(sources.Dispose);
        var opener = new FileSystemOpener(sources, replay: true);
        var mounts = new SnapshotMounts(snapshot.Path, folder, undo, session.Events, stop);
        var finder = new GuestFinder(opener, session.Events, mounts.Has);
        Layer root = finder.Find(request.Partition);
        mounts.Mount(root, ByteString.FromText("/"));
        byte[]? fstab = finder.IsJoined ? mounts.Read(ByteString.FromText("/etc/fstab"), Fstab.LargestSize) : null;
        foreach ((ByteString path, Layer layer) in finder.Joined(root, fstab))
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                mounts.Mount(layer, path);
            }
            catch (JumpbagException e)
            {
                session.Events(new Warning($"fstab: {path} is not joined: {e.Message}", e.Hint));
            }
        }
    }

    private int RunCommand(LiveSnapshot snapshot, string folder, FillWatch watch)
    {
        IReadOnlyList<ByteString> words = request.CommandFor(folder);
        session.Events(new Status(snapshot.FullName, $"runs {string.Join(' ', words.Select(word => ShellWord.Quote(word.ToString())))}"));
        session.Out.Flush();
        using Job job = Job.Start(new(Programs.TryFind(words[0].ToArgument())!, words)
        {
            TakesTerminal = true,
            Environment = ["JUMPBAG_MOUNT=" + folder, "JUMPBAG_SNAPSHOT=" + snapshot.FullName],
        });
        try
        {
            while (true)
            {
                if (job.Wait(Slice) is { } end)
                {
                    EndStragglers(job, folder);
                    return end.Status;
                }
                if (stop.IsCancellationRequested)
                {
                    job.Stop(Signals.Terminate, Grace);
                    stop.ThrowIfCancellationRequested();
                }
                watch.CheckNowAndThen();
            }
        }
        catch (JumpbagException)
        {
            job.Stop(Signals.Terminate, Grace);
            throw;
        }
    }

    /// <summary>What the command left running in its group and in the mount would keep the snapshot from going.</summary>
    private void EndStragglers(Job job, string folder)
    {
        ByteString place = ByteString.FromArgument(folder);
        long begin = Stopwatch.GetTimestamp();
        IReadOnlyList<string> holders = MountHolders.Find(place, processesOnly: true);
        if (holders.Count == 0)
            return;
        session.Events(new Warning($"the command has ended, but {string.Join(", ", holders.Take(5))}: what is of its process group is ended"));
        job.Signal(Signals.Terminate);
        while (MountHolders.Find(place, processesOnly: true).Count > 0 && Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(3))
            Thread.Sleep(Slice);
        job.Signal(Signals.Kill);
    }

    /// <summary>Until the person has enough: Ctrl-C, or umount from elsewhere.</summary>
    private int Wait(LiveSnapshot snapshot, string folder, FillWatch watch)
    {
        session.Out.WriteLine(folder);
        session.Out.Flush();
        session.Events(new Status(snapshot.FullName, $"mounted on {folder}; Ctrl-C, or 'umount -R {folder}', ends it"));
        while (MountEntry.At(ByteString.FromArgument(folder)) is not null)
        {
            stop.WaitHandle.WaitOne(Slice);
            stop.ThrowIfCancellationRequested();
            if (watch.CheckNowAndThen())
                session.Events(new Progressed(new("watching", 0, null, 0, null, clock.Elapsed) { Share = watch.Latest.Share, Note = watch.Text }));
        }
        return ExitStatus.Done;
    }

    private bool CleanUp(LiveSnapshot snapshot)
    {
        IReadOnlyList<JumpbagException> failures = undo.Run();
        foreach (JumpbagException failure in failures)
            session.Events(new SourceFailed(snapshot.FullName, failure.Message, failure.Hint));
        return failures.Count == 0;
    }

    /// <summary>The last step: the snapshot goes, or stays as the person's.</summary>
    private void End(LiveSnapshot snapshot)
    {
        if (!keep)
        {
            snapshot.Remove();
            session.Events(new Status(snapshot.FullName, "removed"));
            return;
        }
        snapshot.Keep();
        session.Events(new Status(snapshot.FullName,
            $"kept, and it fills up as the origin is written to: 'jumpbag ls {snapshot.Path}:/' reads it, 'jumpbag snapshot clean {snapshot.FullName}' removes it"));
    }

    private string Seconds() => string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:0.0} s");
}
