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
    private KernelCopy? kernel;
    private bool isNew;

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
        var sources = new List<(ExtractionItem Item, TreeNode Node)>();
        foreach (ExtractionItem item in items)
            sources.Add((item, item.Tree.Lookup(item.Path, followLast: !options.Recursive, damage => tally.Damage(item.Path, damage), item.Prefix)));
        Destination target = Destination.Resolve(ByteString.FromArgument(destination), sources.Count, options.Resume ? sources[0].Node.Node : null);
        isNew = target.IsNew;
        using DirectoryHandle folder = target.Folder;
        kernel = new(folder, sources.SelectMany(s => s.Item.Tree.Mounts.Select(m => m.FileSystem)).Distinct(), tally, cancelled);
        using var survey = new Survey(sources, options.Recursive, cancelled);
        if (options.DryRun || !survey.SurelyFits(folder.Space()))
            survey.Count();
        // What is there already needs no room any more; how much that is shows only on the way.
        if (!options.Resume)
            survey.ThrowIfTooLarge(folder.Space(), destination);
        if (options.DryRun)
            return tally.Result(Stopwatch.GetElapsedTime(started), cancelled.IsCancellationRequested) with
            {
                Files = survey.Files,
                Directories = survey.Directories,
                Bytes = survey.Bytes,
            };
        using var timer = new Timer(_ => TellProgress(survey, started), null, 1000, 200);
        try
        {
            foreach ((ExtractionItem item, TreeNode node) in sources)
                if (!IsOver)
                    CopyItem(item, node, target);
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

    private void TellProgress(Survey survey, long started)
    {
        survey.CountBeside();
        events(new Progressed(new("copying", tally.Done, survey.Counted ? survey.Files + survey.Directories : null,
            Interlocked.Read(ref tally.Bytes), survey.Counted ? survey.Bytes : null, Stopwatch.GetElapsedTime(started))));
    }

    private bool IsOver => cancelled.IsCancellationRequested || tally.Stopped is not null;

    private void CopyItem(ExtractionItem item, TreeNode node, Destination target)
    {
        if (node.Node.Type == FileType.Directory && !options.Recursive)
        {
            tally.Fail(item.Path, "is a directory; -r copies directories");
            return;
        }
        var top = new DirectoryCopy(null, default, null) { Existed = true, InheritsGroup = target.InheritsGroup, InheritsAcl = target.InheritsAcl, Handle = target.Folder };
        var walk = new TreeWalk(item.Tree, node, item.Path, DamagedOnTheWay);
        ByteString name = target.NameFor(item.Path);
        int jobs = options.Jobs > 0 ? options.Jobs : Environment.ProcessorCount;
        var others = new Thread[node.Node.Type == FileType.Directory ? jobs - 1 : 0];
        for (int i = 0; i < others.Length; i++)
            (others[i] = new Thread(() => Work(walk, top, name), 512 * 1024)).Start();
        Work(walk, top, name);
        foreach (Thread other in others)
            other.Join();
        while (open.TryPop(out DirectoryCopy? left))
            End(left);
    }

    private void DamagedOnTheWay(ByteString path, Damage damage)
    {
        Interlocked.Increment(ref tally.Damaged);
        tally.Damage(path, damage);
    }

    private void Work(TreeWalk walk, DirectoryCopy top, ByteString name)
    {
        var copier = new FileCopier(options, attributes, tally, directories, links, temporary, kernel!, cancelled);
        var batch = new List<Visit>(BatchFiles);
        while (!IsOver && Fill(batch, walk, top, name))
            foreach (Visit file in batch)
            {
                DirectoryCopy into = file.Directory?.Copy ?? top;
                if (!IsOver)
                    copier.Copy(file, into, file.Directory is null ? name : file.Name);
                End(into);
            }
    }

    /// <summary>Whichever worker has nothing to do walks on, makes the directories it comes into, and takes the next files.</summary>
    private bool Fill(List<Visit> batch, TreeWalk walk, DirectoryCopy top, ByteString name)
    {
        batch.Clear();
        long bytes = 0;
        lock (walking)
            while (batch.Count < BatchFiles && bytes < BatchBytes && !IsOver && walk.Next(out Visit visit))
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
                        bytes += Math.Max(0, visit.Node.Node.Size);
                        break;
                }
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
