using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// Copies files out of a tree into a folder of this machine: cp(1)'s rules for what goes where, everything carried over
/// that the destination can hold, and nothing ever outside of it.
/// </summary>
public sealed class Extraction
{
    private const int BatchFiles = 64;
    private const long BatchBytes = 16 << 20;

    private readonly EventSink events;
    private readonly ExtractionOptions options;
    private readonly CancellationToken cancelled;
    private readonly Tally tally;
    private readonly Attributes attributes;
    private readonly HardLinks links = new();
    private readonly TemporaryName temporary = new();
    private readonly OpenDirectories directories = new(Math.Max(32, Math.Min(4096, ProcessIdentity.RaiseOpenFiles() / 2)));
    private readonly Lock walking = new();
    private readonly DeviceMap map = new();
    private KernelCopy? kernel;
    private DamagedList? damagedFiles;
    private bool isNew, inDiskOrder;

    /// <summary>The directories that the walk is in.</summary>
    private readonly Stack<DirectoryCopy> open = new();

    public Extraction(EventSink events, ExtractionOptions options, CancellationToken cancelled)
    {
        this.events = events;
        this.options = options;
        this.cancelled = cancelled;
        tally = new(events);
        attributes = new(options.Effective, tally);
    }

    /// <exception cref="UsageException">Several sources and no folder to put them in.</exception>
    /// <exception cref="FailedException">The destination cannot be used, or is too small.</exception>
    /// <exception cref="NotFoundException">A source is not there.</exception>
    public ExtractionResult Run(IReadOnlyList<ExtractionItem> items, string destination)
    {
        long started = Stopwatch.GetTimestamp();
        var sources = new List<TreeStart>();
        foreach (ExtractionItem item in items)
            sources.Add(new(item.Tree, item.Path, item.Tree.Lookup(item.Path, followLast: !options.Recursive, damage => tally.Damage(item.Path, damage), item.Prefix)));
        Destination target = Destination.Resolve(ByteString.FromArgument(destination), sources.Count, options.Resume ? sources[0] : null);
        if (target.IsGuessed)
            events(new Status(destination, $"taken for the begun copy of {sources[0].Path}, since most of what is in it is that"));
        isNew = target.IsNew;
        using DirectoryHandle folder = target.Folder;
        kernel = new(folder, sources.SelectMany(s => s.Tree.Mounts.Select(m => m.FileSystem)).Distinct(), tally, cancelled);
        // Without -r a directory is not copied.
        using var count = new TreeCount([.. sources.Where(s => options.Recursive || s.Node.Node.Type != FileType.Directory)], cancelled) { LeaveOut = options.LeaveOut };
        var survey = new Survey(sources, count);
        if (options.DryRun || !survey.SurelyFits(folder.Space()))
            count.Count();
        // What is there already needs no room any more; how much that is shows only on the way.
        if (!options.Resume)
            survey.ThrowIfTooLarge(folder.Space(), destination);
        if (options.DryRun)
            return tally.Result(Stopwatch.GetElapsedTime(started), cancelled.IsCancellationRequested) with
            {
                Files = count.Files,
                Directories = count.Directories,
                Bytes = count.Bytes,
            };
        using var progress = new ProgressTimer("copying", count, events, () => (tally.Done, Interlocked.Read(ref tally.Bytes)));
        try
        {
            inDiskOrder = options.InDiskOrder ?? DiskOrder.IsWorthIt(sources.Select(s => s.Tree).Distinct());
            foreach (TreeStart source in sources)
                if (!IsOver)
                    CopyItem(source, target);
        }
        finally
        {
            directories.CloseAll();
        }
        ExtractionResult result = tally.Result(Stopwatch.GetElapsedTime(started), cancelled.IsCancellationRequested);
        foreach (AttributeLoss loss in result.AttributesLost)
            events(new Warning($"{loss.Attribute} not kept for {loss.Count} files: {loss.Reason}"));
        if (result.Stopped is not null)
            events(new Warning($"stopped: {result.Stopped}; {result.Files} files ({ByteSize.Format(result.Bytes)}) are complete, the rest is not there",
                "make room, then run the same with --resume"));
        return result;
    }

    private bool IsOver => cancelled.IsCancellationRequested || tally.Stopped is not null;

    private void CopyItem(TreeStart item, Destination target)
    {
        Node node = item.Node.Node;
        if (node.Type == FileType.Directory && !options.Recursive)
        {
            tally.Fail(item.Path, "is a directory; -r copies directories");
            return;
        }
        var top = new DirectoryCopy(null, default, null) { Existed = true, InheritsGroup = target.InheritsGroup, InheritsAcl = target.InheritsAcl, Handle = target.Folder };
        var walk = new TreeWalk(item.Tree, item.Node, item.Path, DamagedOnTheWay) { LeaveOut = options.LeaveOut };
        ByteString name = target.NameFor(item.Path);
        // Two who read would send the head to and fro.
        int jobs = options.Jobs > 0 ? options.Jobs : inDiskOrder ? 1 : Environment.ProcessorCount;
        var others = new Thread[node.Type == FileType.Directory ? jobs - 1 : 0];
        for (int i = 0; i < others.Length; i++)
            (others[i] = new Thread(() => Work(walk, top, name), 512 * 1024)).Start();
        if (node.Type != FileType.Directory)
            damagedFiles = new(directories, top, name.Equals, 0);
        Work(walk, top, name);
        foreach (Thread other in others)
            other.Join();
        while (open.TryPop(out DirectoryCopy? left))
            End(left);
        if (damagedFiles is null)
            return;
        damagedFiles.Close();
        if (!damagedFiles.IsEmpty)
            events(new Status(damagedFiles.Name.ToString(), "names the damaged files of this copy; the same with --resume reads them again"));
        damagedFiles = null;
    }

    /// <summary>At the top of a copy, before anything is made in it.</summary>
    private void ListDamaged(WalkDirectory source)
    {
        damagedFiles = new(directories, source.Copy!, IsTaken, source.Path.Span.TrimEnd((byte)'/').Length);

        bool IsTaken(ByteString name)
        {
            try
            {
                return source.Node.FileSystem.Lookup(source.Node.Node, name, static _ => { }) is not null;
            }
            catch (JumpbagException)
            {
                // A directory that cannot be searched may still be listed; what it then names is not made where the list is.
                return false;
            }
        }
    }

    private void DamagedOnTheWay(ByteString path, Damage damage)
    {
        Interlocked.Increment(ref tally.Damaged);
        tally.Damage(path, damage);
    }

    private void Work(TreeWalk walk, DirectoryCopy top, ByteString name)
    {
        FileCopier? copier = null;
        var batch = new List<Visit>(BatchFiles);
        while (!IsOver && Fill(batch, walk, top, name))
            foreach (Visit file in batch)
            {
                DirectoryCopy into = file.Directory?.Copy ?? top;
                copier ??= new(options, attributes, tally, directories, links, temporary, kernel!, map, damagedFiles!, cancelled);
                if (!IsOver)
                    copier.Copy(file, into, file.Directory is null ? name : file.Name);
                End(into);
            }
    }

    /// <summary>Whichever worker has nothing to do walks on, makes the directories it comes into, and takes the next files.</summary>
    private bool Fill(List<Visit> batch, TreeWalk walk, DirectoryCopy top, ByteString name)
    {
        batch.Clear();
        (int mostFiles, long mostBytes) = inDiskOrder ? (DiskOrder.Window, long.MaxValue) : (BatchFiles, BatchBytes);
        long bytes = 0;
        lock (walking)
            while (batch.Count < mostFiles && bytes < mostBytes && !IsOver && walk.Next(out Visit visit))
                switch (visit.Kind)
                {
                    case VisitKind.Enter:
                        if (!Enter(visit.Directory!, top, name))
                            walk.Skip();
                        break;
                    case VisitKind.Leave:
                        End(open.Pop());
                        break;
                    default:
                        (visit.Directory?.Copy ?? top).Begin();
                        batch.Add(visit);
                        bytes += Math.Clamp(visit.Node.Node.Size, 0, BatchBytes);
                        break;
                }
        if (inDiskOrder)
            DiskOrder.Sort(batch, static file => file.Node);
        return batch.Count > 0;
    }

    /// <summary>Makes a directory, for its maker alone until it is finished.</summary>
    private bool Enter(WalkDirectory source, DirectoryCopy top, ByteString topName)
    {
        DirectoryCopy parent = source.Parent?.Copy ?? top;
        ByteString name = source.Parent is null ? topName : source.Name;
        DirectoryHandle folder;
        try
        {
            folder = directories.Acquire(parent);
        }
        catch (FailedException e)
        {
            tally.Fail(source.Path, e.Message);
            return false;
        }
        try
        {
            // Of "/" the contents: the folder that receives them is no copy.
            if (name.IsEmpty)
            {
                if (options.Resume)
                    RemoveLeftOvers(folder, source);
                Begin(source, parent, parent);
                return true;
            }
            Errno error = folder.MakeDirectory(name.Span, 0x1C0);
            bool existed = error == Errno.Exists;
            DirectoryHandle? handle = null;
            if (error == Errno.None || existed)
                error = folder.OpenDirectory(name.Span, out handle);
            if (error != Errno.None)
            {
                tally.Fail(source.Path, existed ? "a file of that name is there, where a directory should be made" : "the directory cannot be made", error);
                return false;
            }
            Begin(source, parent, Opened(source, parent, name, handle!, existed, marked: source.Parent is null && isNew));
            if (!existed)
                Interlocked.Increment(ref tally.Directories);
            return true;
        }
        catch (JumpbagException e)
        {
            tally.Fail(source.Path, e.Message);
            return false;
        }
        finally
        {
            directories.Release(parent);
        }
    }

    private void Begin(WalkDirectory source, DirectoryCopy parent, DirectoryCopy copy)
    {
        parent.Begin();
        source.Copy = copy;
        open.Push(copy);
        if (source.Parent is null)
            ListDamaged(source);
    }

    private DirectoryCopy Opened(WalkDirectory source, DirectoryCopy parent, ByteString name, DirectoryHandle handle, bool existed, bool marked)
    {
        bool acl = existed ? handle.HasAttribute("system.posix_acl_default"u8) : parent.InheritsAcl;
        if (!existed && acl)
        {
            _ = handle.RemoveAttribute("system.posix_acl_default"u8);
            _ = handle.RemoveAttribute("system.posix_acl_access"u8);
        }
        bool untouched = existed && options is { Resume: false, Overwrite: not OverwriteMode.Force };
        var copy = new DirectoryCopy(parent, name, untouched ? null : source)
        {
            Existed = existed,
            InheritsAcl = existed && acl,
            InheritsGroup = existed ? handle.Status(out FileStatus status) == Errno.None && (status.Mode & 0x400) != 0 : parent.InheritsGroup,
            IsMarked = marked,
        };
        directories.Add(copy, handle);
        if (existed && options.Resume)
            RemoveLeftOvers(handle, source);
        if (marked && handle.Create(Destination.Marker, 0x180, out FileHandle? marker) == Errno.None)
            marker!.Dispose();
        return copy;
    }

    /// <summary>What a killed run did not complete. A file that the image itself names so is only made again.</summary>
    private void RemoveLeftOvers(DirectoryHandle folder, WalkDirectory source)
    {
        foreach (ByteString name in folder.Names())
            if (TemporaryName.IsOne(name.Span)
                && source.Node.FileSystem.Lookup(source.Node.Node, name, _ => { }) is null)
                _ = folder.Remove(name.Span);
    }

    /// <summary>Something in a directory is finished; where it was the last, so is the directory, and so on upwards.</summary>
    private void End(DirectoryCopy directory)
    {
        for (DirectoryCopy? at = directory; at is not null && at.End(); at = at.Parent)
            if (at.Source is { } source)
            {
                Finish(at, source);
                at.Source = null;
            }
    }

    private void Finish(DirectoryCopy directory, WalkDirectory source)
    {
        DirectoryHandle? handle = null;
        try
        {
            Node node = source.Node.Node;
            handle = directories.Acquire(directory);
            if (directory.IsMarked)
                _ = handle.Remove(Destination.Marker);
            // Both before the times are set.
            if (damagedFiles?.Directory == directory)
                damagedFiles.Close();
            IReadOnlyList<ExtendedAttribute> xattrs = attributes.Preserve.HasFlag(Preserve.Xattrs)
                ? source.Node.FileSystem.ExtendedAttributes(node, damage => DamagedOnTheWay(source.Path, damage)) : [];
            attributes.Apply(handle, node, xattrs, attributes.IsOwn(node, directory.InheritsGroup) && !directory.Existed, false, false);
        }
        catch (FailedException e)
        {
            tally.Fail(source.Path, e.Message);
        }
        catch (JumpbagException e)
        {
            DamagedOnTheWay(source.Path, new(e.Message));
        }
        finally
        {
            if (handle is not null)
                directories.Release(directory);
            directories.Close(directory);
        }
    }
}
