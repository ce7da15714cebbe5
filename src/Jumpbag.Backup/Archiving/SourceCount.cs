using Jumpbag.Backup.Sources;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Archiving;

/// <summary>
/// How much there is to be saved, counted beside the work, so that it can be told when that ends. What cannot be read is passed over:
/// saving tells of it. Nothing waits for the count.
/// </summary>
internal sealed class SourceCount(ArchiveSource source, BackupOptions options) : IDisposable
{
    private readonly PathPatterns excludes = new(options.Excludes);
    private readonly Lock gate = new();
    private readonly Stack<Level> open = new();
    private volatile bool over, counted;
    private Thread? beside;

    /// <summary>Regular files and folders.</summary>
    public long Files { get; private set; }

    /// <summary>Of all regular files, each name counted.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the numbers are those of all there is.</summary>
    public bool Counted => counted;

    /// <summary>Entries of a folder that are still to be counted.</summary>
    private sealed record Level(SourceFolder Folder, List<ByteString> Names, ulong? Device)
    {
        public int Next { get; set; }
    }

    /// <summary>Counts on a thread of its own, unless that was begun before.</summary>
    public void CountBeside()
    {
        lock (gate)
        {
            if (over || beside is not null)
                return;
            beside = new(Count) { IsBackground = true, Priority = ThreadPriority.BelowNormal };
            beside.Start();
        }
    }

    public void Count()
    {
        try
        {
            counted = source.Count(this) && !over;
        }
        catch (JumpbagException)
        {
            // Then it is not known how much there is; saving meets the same, and tells of it.
        }
        finally
        {
            while (open.TryPop(out Level? level))
                level.Folder.Release();
        }
    }

    /// <summary>The same targets as are saved.</summary>
    public void Add(TargetTree targets)
    {
        foreach ((_, TargetTree target) in targets.Nodes)
        {
            if (target.Path.IsEmpty)
            {
                Files++;
                Add(target);
                continue;
            }
            (ByteString place, ByteString name) = SourcePath.Split(target.Path);
            if (LiveFolder.Open(place, SourcePath.Split(SourcePath.Absolute(target.Path)).Folder, out LiveFolder? folder) is null)
                Add(folder!, [name], options.OneFileSystem && folder!.Look(name, out SourceFile file) is null ? file.Device : null);
        }
    }

    /// <summary>All that is in a folder, which is let go of.</summary>
    public void Add(SourceFolder folder)
    {
        var names = new List<ByteString>();
        _ = folder.ReadNames(names);
        Add(folder, names, null);
    }

    private void Add(SourceFolder folder, List<ByteString> names, ulong? device)
    {
        open.Push(new(folder, names, device));
        while (!over && open.TryPeek(out Level? level))
        {
            if (level.Next < level.Names.Count)
                Add(level, level.Names[level.Next++]);
            else
                open.Pop().Folder.Release();
        }
    }

    /// <summary>Ends a count that is under way.</summary>
    public void Dispose()
    {
        lock (gate)
            over = true;
        beside?.Join();
    }

    private void Add(Level level, ByteString name)
    {
        if ((!excludes.IsEmpty && excludes.Matches(level.Folder.Path.Join(name))) || level.Folder.Look(name, out SourceFile file) is not null)
            return;
        bool isElsewhere = level.Device is { } only && file.Device != only;
        if (file.Type == FileType.Regular && !isElsewhere)
            (Files, Bytes) = (Files + 1, Bytes + file.Size);
        if (file.Type != FileType.Directory)
            return;
        Files++;
        if (isElsewhere || level.Folder.OpenFolder(name, out SourceFolder? folder) is not null)
            return;
        var names = new List<ByteString>();
        _ = folder!.ReadNames(names);
        open.Push(new(folder, names, level.Device));
    }
}
