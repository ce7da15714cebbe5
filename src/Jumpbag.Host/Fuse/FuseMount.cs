using Jumpbag.Core;

namespace Jumpbag.Host.Fuse;

/// <summary>
/// A file system that this process serves at a folder: from <see cref="Start"/> on others can use it, until someone unmounts
/// it or <see cref="Dispose"/> does.
/// </summary>
public sealed class FuseMount : IDisposable
{
    /// <summary>What the mount table shows as the type of the filesystem.</summary>
    public const string Type = "fuse." + FuseMountOptions.Subtype;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly FuseGuard? guard;
    private readonly ManualResetEventSlim ended = new();
    private readonly bool byHelper;
    private readonly string deviceNumber;
    private int running;
    private bool disposed;

    private FuseMount(ByteString folder, bool byHelper, FuseGuard? guard, List<FuseWorker> workers)
    {
        Folder = folder;
        this.byHelper = byHelper;
        this.guard = guard;
        deviceNumber = MountEntry.At(folder)?.Device ?? "";
        running = workers.Count;
        ReadFurtherAhead();
        var crew = new FuseCrew();
        foreach (FuseWorker worker in workers)
            new Thread(() => Run(worker, crew), maxStackSize: 1 << 20) { IsBackground = true, Name = "fuse" }.Start();
    }

    /// <summary>The whole path of the folder.</summary>
    public ByteString Folder { get; }

    /// <summary>Whether the mount goes away even when this process is killed.</summary>
    public bool IsGuarded => guard is not null;

    /// <param name="folder">The whole path; <see cref="MountPoint.Check"/> gives it.</param>
    /// <exception cref="FailedException">The machine does not let us.</exception>
    /// <exception cref="UnsupportedException">There is no FUSE here, or too old a one.</exception>
    public static FuseMount Start(ByteString folder, FuseFileSystem files, FuseMountOptions options)
    {
        bool byHelper = Libc.geteuid() != 0;
        FuseGuard? guard = FuseGuard.Start(folder, byHelper);
        try
        {
            int device = -1;
            if (!byHelper)
            {
                Errno error = FuseDevice.Mount(folder, options, out device);
                // Root may be without the right to mount, in a container; the helper may have it.
                byHelper = error == Errno.NotPermitted && Fusermount.Find() is not null;
                if (!byHelper)
                    error.ThrowIfFailed($"{folder}: mount");
            }
            if (byHelper && Libc.geteuid() == 0)
            {
                guard?.Dispose();
                guard = FuseGuard.Start(folder, byHelper);
            }
            return Serve(folder, files, options, byHelper ? Fusermount.Mount(folder, options) : device, byHelper, guard);
        }
        catch
        {
            guard?.Dispose();
            throw;
        }
    }

    private static FuseMount Serve(ByteString folder, FuseFileSystem files, FuseMountOptions options, int device, bool byHelper, FuseGuard? guard)
    {
        var workers = new List<FuseWorker> { new(device, files) };
        try
        {
            workers[0].Initialize();
            int wanted = options.Threads > 0 ? options.Threads : Math.Clamp(Environment.ProcessorCount, 2, 4);
            while (workers.Count < wanted && FuseDevice.Clone(device) is { } clone)
                workers.Add(new(clone, files));
            return new(folder, byHelper, guard, workers);
        }
        catch
        {
            _ = Unmount(folder, byHelper, detach: true);
            workers.ForEach(worker => worker.Dispose());
            throw;
        }
    }

    /// <summary>Waits until it was unmounted by someone else, or the token says stop.</summary>
    /// <returns>Whether it was unmounted.</returns>
    public bool Wait(CancellationToken stop)
    {
        try
        {
            ended.Wait(stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// Unmounts, whoever has files of it open: they get errors from then on. What was served may be closed after this.
    /// </summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        if (!ended.IsSet && IsOurs() && Unmount(Folder, byHelper, detach: false) is not null && IsOurs())
        {
            // Forced, so that those who still hold files of it get errors, and do not keep our threads.
            if (byHelper)
                Abort();
            else
                _ = MountPoint.Unmount(Folder, force: true);
            if (IsOurs())
                _ = Unmount(Folder, byHelper, detach: true);
        }
        _ = ended.Wait(Patience);
        guard?.Dispose();
    }

    /// <summary>Unmounts what another process serves.</summary>
    /// <param name="lazily">At once, though it is in use: it then ends with its last user.</param>
    /// <returns>Why it could not be done; null where it was.</returns>
    public static string? Unmount(ByteString folder, bool lazily)
    {
        (int, int)? served = lazily ? null : FuseServers.Find(folder);
        bool root = Libc.geteuid() == 0;
        string? refusal = Unmount(folder, byHelper: !root, lazily);
        // Root may be without its rights, in a container.
        if (refusal is not null && root && Fusermount.Find() is not null && Unmount(folder, byHelper: true, lazily) is null)
            refusal = null;
        if (refusal is null && served is { } known)
            FuseServers.Await(known);
        return refusal;
    }

    private void Run(FuseWorker worker, FuseCrew crew)
    {
        worker.Run(crew);
        if (Interlocked.Decrement(ref running) == 0)
            ended.Set();
        worker.Dispose();
    }

    /// <summary>Whether what is seen at the folder is this mount, and not one that came later.</summary>
    private bool IsOurs() => MountEntry.At(Folder) is { } there && there.Device == deviceNumber;

    private static string? Unmount(ByteString folder, bool byHelper, bool detach)
    {
        if (byHelper)
            return Fusermount.Unmount(folder, detach);
        Errno error = MountPoint.Unmount(folder, detach: detach);
        return error == Errno.None ? null : error.Describe();
    }

    /// <summary>
    /// The kernel reads 128 KiB ahead, whatever INIT allows, and asks for no more at once. Each request costs more than to copy that much does;
    /// with 1 MiB a large file takes half the time.
    /// </summary>
    private void ReadFurtherAhead()
    {
        if (deviceNumber.Length == 0 || Libc.geteuid() != 0)
            return;
        try
        {
            File.WriteAllText($"/sys/class/bdi/{deviceNumber}/read_ahead_kb", $"{FuseWorker.MaxTransfer / 1024}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A container shows /sys read-only, or not at all: it is read all the same.
        }
    }

    /// <summary>Ends the connection, as the one who mounted may.</summary>
    private void Abort()
    {
        try
        {
            File.WriteAllText($"/sys/fs/fuse/connections/{deviceNumber.Split(':')[^1]}/abort", "1");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // That is not mounted here: the connection ends when the last user closes its files, or when this process does.
        }
    }
}
