using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// One worker: makes copies of anything but directories, each under a temporary name that becomes the final one when
/// content and attributes are complete.
/// </summary>
internal sealed class FileCopier
{
    private readonly ExtractionOptions options;
    private readonly Attributes attributes;
    private readonly Tally tally;
    private readonly OpenDirectories directories;
    private readonly HardLinks links;
    private readonly TemporaryName temporary;
    private readonly DamagedList damagedFiles;
    private readonly ContentCopier content;
    private readonly CancellationToken cancelled;
    private readonly DamageSink sink;
    private readonly DamageRuns runs;
    private Visit visit;
    private bool damaged;

    public FileCopier(ExtractionOptions options, Attributes attributes, Tally tally, OpenDirectories directories, HardLinks links,
        TemporaryName temporary, KernelCopy kernel, DeviceMap map, DamagedList damagedFiles, CancellationToken cancelled)
    {
        this.options = options;
        this.attributes = attributes;
        this.tally = tally;
        this.directories = directories;
        this.links = links;
        this.temporary = temporary;
        this.damagedFiles = damagedFiles;
        this.cancelled = cancelled;
        runs = new(found => tally.Damage(visit.Path, found));
        sink = Note;
        content = new(kernel, map, tally, sink, cancelled);
    }

    /// <summary>Makes <paramref name="name"/> in a folder of the destination.</summary>
    public void Copy(in Visit file, DirectoryCopy into, ByteString name)
    {
        visit = file;
        damaged = false;
        content.Lost = 0;
        DirectoryHandle? folder = null;
        try
        {
            folder = directories.Acquire(into);
            if (file.Node.Node.Links > 1 && attributes.Preserve.HasFlag(Preserve.Links))
                CopyLinked(into, folder, name);
            else
                _ = CopyOne(into, folder, name);
        }
        catch (OperationCanceledException)
        {
            // The temporary file is gone; the run ends.
        }
        catch (UnsupportedException e)
        {
            Note(new(e.Message));
        }
        catch (FailedException e)
        {
            tally.Fail(visit.Path, e.Message);
        }
        catch (JumpbagException e)
        {
            Note(new(e.Message));
        }
        finally
        {
            runs.Flush();
            if (damaged)
                Interlocked.Increment(ref tally.Damaged);
            if (folder is not null)
                directories.Release(into);
        }
    }

    private void CopyLinked(DirectoryCopy into, DirectoryHandle folder, ByteString name)
    {
        HardLinks.Group? group = links.Find(visit.Node);
        if (group is null)
        {
            tally.Lose("hard link", "too many at once");
            _ = CopyOne(into, folder, name);
            return;
        }
        lock (group.Gate)
        {
            if (group.Directory is not null && Link(group, into, folder, name))
                return;
            if (CopyOne(into, folder, name))
                (group.Directory, group.Name, group.Lost) = (into, name, damagedFiles.LostBefore(visit, name));
        }
    }

    /// <summary>False where this destination cannot link, so that a copy has to do.</summary>
    private bool Link(HardLinks.Group group, DirectoryCopy into, DirectoryHandle folder, ByteString name)
    {
        DirectoryHandle first = directories.Acquire(group.Directory!);
        try
        {
            if (group.Lost is { } bytes && !IsListed(name, bytes))
                return true;
            Errno error = folder.Link(first, group.Name.Span, name.Span);
            if (error == Errno.Exists)
            {
                if (first.Status(group.Name.Span, out FileStatus original) == Errno.None
                    && folder.Status(name.Span, out FileStatus there) == Errno.None
                    && there.Inode == original.Inode && there.Device == original.Device)
                {
                    Unlist(group, name);
                    Interlocked.Increment(ref tally.Skipped);
                    return true;
                }
                // A copy that is complete but stands alone (an interrupted run's first) is replaced under --resume.
                bool replace = options.Resume && IsComplete(folder, name);
                if (!replace && !MayReplace(folder, name))
                    return true;
                Span<byte> space = stackalloc byte[TemporaryName.Length];
                ReadOnlySpan<byte> temp = temporary.Next(space);
                error = folder.Link(first, group.Name.Span, temp);
                if (error == Errno.None && (error = folder.Rename(temp, name.Span, replace: true)) != Errno.None)
                    _ = folder.Remove(temp);
            }
            if (error is Errno.TooManyLinks or Errno.CrossDevice or Errno.NotPermitted or Errno.NotSupported)
            {
                tally.Lose("hard link", error.Describe());
                return false;
            }
            if (error != Errno.None)
            {
                tally.Fail(visit.Path, "the hard link cannot be made", error);
                return true;
            }
            Unlist(group, name);
            Interlocked.Increment(ref tally.HardLinks);
            return true;
        }
        finally
        {
            directories.Release(group.Directory!);
        }
    }

    private void Unlist(HardLinks.Group group, ByteString name)
    {
        if (group.Lost is null)
            damagedFiles.Remove(visit, name);
    }

    /// <summary>
    /// Puts a file on the list of damaged ones, before it gets its name. False where that failed: then it must not be there,
    /// since a later run would take it for whole.
    /// </summary>
    private bool IsListed(ByteString name, long bytes)
    {
        Errno error = damagedFiles.Add(visit, name, bytes);
        if (error != Errno.None)
            tally.Fail(visit.Path, $"it cannot be added to {damagedFiles.Name}", error);
        return error == Errno.None;
    }

    /// <summary>True where the file is there afterwards, made now or complete before.</summary>
    private bool CopyOne(DirectoryCopy into, DirectoryHandle folder, ByteString name)
    {
        cancelled.ThrowIfCancellationRequested();
        long? lostBefore = null;
        if (into.Existed && folder.Status(name.Span, out FileStatus status) == Errno.None)
        {
            bool complete = options.Resume && IsComplete(folder, name);
            if (complete && (lostBefore = damagedFiles.LostBefore(visit, name)) is null)
            {
                Interlocked.Increment(ref tally.Skipped);
                return true;
            }
            if (status.IsDirectory)
            {
                tally.Fail(visit.Path, "a directory of that name is there");
                return false;
            }
            if (!complete && !MayReplace(folder, name))
                return false;
        }
        Span<byte> space = stackalloc byte[TemporaryName.Length];
        ReadOnlySpan<byte> temp = temporary.Next(space);
        bool placed = false;
        try
        {
            if (!(visit.Node.Node.Type == FileType.Regular ? MakeRegular(into, folder, temp) : MakeOther(into, folder, temp)))
                return false;
            // A second reading that is no better is not worth the first: a person may have mended that meanwhile.
            if (damaged && content.Lost >= lostBefore)
            {
                Interlocked.Increment(ref tally.Skipped);
                return true;
            }
            if (damaged && !IsListed(name, content.Lost))
                return false;
            Errno error = folder.Rename(temp, name.Span, lostBefore is not null || options.Overwrite is OverwriteMode.Force or OverwriteMode.Update);
            placed = error == Errno.None;
            if (placed)
            {
                Count();
                if (!damaged)
                    damagedFiles.Remove(visit, name);
            }
            else
                tally.Fail(visit.Path, "it cannot be given its name", error);
            return placed;
        }
        finally
        {
            if (!placed)
                _ = folder.Remove(temp);
        }
    }

    private void Count()
    {
        switch (visit.Node.Node.Type)
        {
            case FileType.Regular: Interlocked.Increment(ref tally.Files); break;
            case FileType.SymbolicLink: Interlocked.Increment(ref tally.SymbolicLinks); break;
            default: Interlocked.Increment(ref tally.SpecialFiles); break;
        }
    }

    private bool MakeRegular(DirectoryCopy into, DirectoryHandle folder, ReadOnlySpan<byte> temp)
    {
        Node node = visit.Node.Node;
        IReadOnlyList<ExtendedAttribute> xattrs = Xattrs();
        bool own = attributes.IsOwn(node, into.InheritsGroup);
        bool removeAcl = into.InheritsAcl && attributes.Preserve.HasFlag(Preserve.Mode);
        bool plain = own && xattrs.Count == 0 && attributes.IsPlainMode(node) && !removeAcl;
        Errno error = folder.Create(temp, attributes.CreationMode(node, plain), out FileHandle? file);
        if (error != Errno.None)
        {
            tally.Fail(visit.Path, "it cannot be made", error);
            return false;
        }
        using (file)
        {
            if (!content.Copy(visit, file!))
                return false;
            attributes.Apply(file!, node, xattrs, own, plain, removeAcl);
            return true;
        }
    }

    private bool MakeOther(DirectoryCopy into, DirectoryHandle folder, ReadOnlySpan<byte> temp)
    {
        Node node = visit.Node.Node;
        int type = node.Type switch
        {
            FileType.SymbolicLink => 0xA000,
            FileType.CharacterDevice => 0x2000,
            FileType.BlockDevice => 0x6000,
            FileType.Fifo => 0x1000,
            FileType.Socket => 0xC000,
            _ => 0,
        };
        if (type == 0)
        {
            Note(new("the inode's type is unknown"));
            return false;
        }
        if (node.Type != FileType.SymbolicLink && !options.Recursive)
        {
            tally.Fail(visit.Path, "not a regular file (-r copies it as what it is)");
            return false;
        }
        Errno error = node.Type == FileType.SymbolicLink
            ? folder.MakeSymbolicLink(temp, visit.Node.FileSystem.ReadLink(node, sink).Span)
            : folder.MakeNode(temp, type, 0x180, node.DeviceMajor, node.DeviceMinor);
        if (error == Errno.None)
            attributes.Apply(folder, temp, node, Xattrs(), attributes.IsOwn(node, into.InheritsGroup));
        else
            tally.Fail(visit.Path, node.Type is FileType.CharacterDevice or FileType.BlockDevice && error == Errno.NotPermitted
                ? "only root can make devices" : $"it cannot be made: {error.Describe()}");
        if (error is Errno.NoSpace or Errno.Quota)
            tally.Stop(error);
        return error == Errno.None;
    }

    private IReadOnlyList<ExtendedAttribute> Xattrs()
    {
        if (!attributes.Preserve.HasFlag(Preserve.Xattrs))
            return [];
        try
        {
            return visit.Node.FileSystem.ExtendedAttributes(visit.Node.Node, sink);
        }
        catch (JumpbagException e)
        {
            Note(new($"extended attributes: {e.Message}"));
            return [];
        }
    }

    private bool MayReplace(DirectoryHandle folder, ByteString name)
    {
        switch (options.Overwrite)
        {
            case OverwriteMode.Force:
                return true;
            case OverwriteMode.Update when folder.Status(name.Span, out FileStatus there) == Errno.None
                && there.Modified < visit.Node.Node.Modified:
                return true;
            case OverwriteMode.NoClobber or OverwriteMode.Update:
                Interlocked.Increment(ref tally.Skipped);
                return false;
            default:
                tally.Fail(visit.Path, options.Resume ? "a file of that name is there and is another one" : "a file of that name is there");
                return false;
        }
    }

    private bool IsComplete(DirectoryHandle folder, ByteString name) =>
        folder.Status(name.Span, out FileStatus there) == Errno.None
        && Completeness.IsComplete(visit.Node.Node, there, attributes.Preserve.HasFlag(Preserve.Times));

    private void Note(Damage found)
    {
        damaged = true;
        Interlocked.Add(ref tally.LostBytes, found.Length);
        runs.Add(found);
    }
}
