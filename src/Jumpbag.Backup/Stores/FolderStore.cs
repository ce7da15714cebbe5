using Jumpbag.Core;
using Jumpbag.Storage.Overlays;
using Microsoft.Win32.SafeHandles;

namespace Jumpbag.Backup.Stores;

/// <summary>A repository in a folder of this machine, or of one that is mounted here; in restic's layout of today or that of its first years on S3.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Repository Layout"</remarks>
public sealed class FolderStore(string place, StoreOptions? options = null) : RepositoryStore
{
    private const int LargestPortion = 1 << 20;

    /// <summary>Others use that disk too, or the line to the one that has it.</summary>
    private readonly TokenBucket writing = Bucket(options, limits => limits.Upload), reading = Bucket(options, limits => limits.Download);

    /// <summary>What is mounted is served by a process that is in another folder.</summary>
    private readonly string folder = Path.GetFullPath(place);

    private readonly RepositoryLayout layout = new(Directory.Exists(Path.Combine(place, "key")) && !Directory.Exists(Path.Combine(place, "keys")));

    /// <summary>What a thread reads next mostly lies in the pack that it read last, which stays open: opening one takes longer than reading a small blob.</summary>
    private readonly ThreadLocal<OpenPack?> lastPack = new(trackAllValues: true);

    /// <summary>Files that were written or removed: what is open may be one that is not there any more.</summary>
    private int changes;

    private sealed record OpenPack(string Name, SafeFileHandle File, int Change);

    public override string Place => place;

    /// <summary>A disk writes one file as fast as two.</summary>
    public override int Uploads => 1;

    public static bool IsRepository(string folder) =>
        File.Exists(Path.Combine(folder, "config")) && Directory.Exists(Path.Combine(folder, "data")) && (Directory.Exists(Path.Combine(folder, "keys")) || Directory.Exists(Path.Combine(folder, "key")));

    public override IReadOnlyList<string> List(FileKind kind) => [.. Names(kind).Where(name => !IsUnfinished(name))];

    public override IReadOnlyList<string> Unfinished(FileKind kind) => [.. Names(kind).Where(IsUnfinished)];

    private IReadOnlyList<string> Names(FileKind kind)
    {
        string path = Folder(kind);
        try
        {
            return !Directory.Exists(path) ? [] : [.. Directory.EnumerateFiles(path, "*", kind == FileKind.Pack ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly).Select(file => Path.GetFileName(file))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
    }

    public override long Length(FileKind kind, string name)
    {
        using SafeFileHandle file = Open(kind, name);
        return RandomAccess.GetLength(file);
    }

    public override void Read(FileKind kind, string name, long offset, Span<byte> destination)
    {
        if (kind != FileKind.Pack)
        {
            using SafeFileHandle file = Open(kind, name);
            Read(file, kind, name, offset, destination);
            return;
        }
        OpenPack? last = lastPack.Value;
        if (last is null || last.Name != name || last.Change != Volatile.Read(ref changes))
        {
            last?.File.Dispose();
            lastPack.Value = null;
            int change = Volatile.Read(ref changes);
            lastPack.Value = last = new(name, Open(kind, name), change);
        }
        Read(last.File, kind, name, offset, destination);
    }

    private void Read(SafeFileHandle file, FileKind kind, string name, long offset, Span<byte> destination)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                Span<byte> portion = destination[..reading.Portion(destination.Length)];
                reading.Take(portion.Length);
                int count = RandomAccess.Read(file, portion, offset);
                if (count == 0)
                    throw new CorruptException($"{PathOf(kind, name)}: ends at byte {offset}, though more must be there");
                offset += count;
                destination = destination[count..];
            }
        }
        catch (IOException e)
        {
            throw Failed(PathOf(kind, name), e);
        }
    }

    public override bool HasRepository() => IsRepository(folder);

    public override void Prepare()
    {
        try
        {
            foreach (FileKind kind in RepositoryLayout.Folders)
                Directory.CreateDirectory(Folder(kind), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(folder, e);
        }
    }

    public override void Dispose()
    {
        foreach (OpenPack? pack in lastPack.Values)
            pack?.File.Dispose();
        lastPack.Dispose();
        base.Dispose();
    }

    public override void Save(FileKind kind, string name, ReadOnlyMemory<byte> content)
    {
        string path = PathOf(kind, name), parent = Path.GetDirectoryName(path)!;
        // What is being written has another name until it is whole.
        string beside = Path.Combine(parent, $"{name}-tmp-{Guid.NewGuid():N}");
        try
        {
            if (!Directory.Exists(parent))
            {
                Directory.CreateDirectory(parent, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                FolderSync.Run(parent);
            }
            try
            {
                using (SafeFileHandle file = File.OpenHandle(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, content.Length))
                {
                    Write(file, content.Span);
                    RandomAccess.FlushToDisk(file);
                }
                File.SetUnixFileMode(beside, UnixFileMode.UserRead);
                File.Move(beside, path, overwrite: true);
                Interlocked.Increment(ref changes);
                FolderSync.Run(path);
            }
            catch
            {
                File.Delete(beside);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(path, e);
        }
    }

    private void Write(SafeFileHandle file, ReadOnlySpan<byte> content)
    {
        for (int done = 0, portion; done < content.Length; done += portion)
        {
            portion = Math.Min(content.Length - done, writing.Portion(LargestPortion));
            writing.Take(portion);
            RandomAccess.Write(file, content.Slice(done, portion), done);
        }
    }

    public override void Remove(FileKind kind, string name)
    {
        string path = PathOf(kind, name);
        try
        {
            File.Delete(path);
            Interlocked.Increment(ref changes);
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: cannot be removed: {e.Message}", null, e);
        }
    }

    private static TokenBucket Bucket(StoreOptions? options, Func<StoreLimits, long?> limit)
    {
        options ??= StoreOptions.Default;
        return new(limit(options.Limits), options.Clock);
    }

    private SafeFileHandle Open(FileKind kind, string name)
    {
        string path = PathOf(kind, name);
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(path, e);
        }
    }

    private string PathOf(FileKind kind, string name) => Path.Combine(folder, layout.PathOf(kind, name));

    private string Folder(FileKind kind) => Path.Combine(folder, layout.Folder(kind));

    private static FailedException NotWritten(string path, Exception e) => new($"{path}: cannot be written: {e.Message}", e is UnauthorizedAccessException ? "run it as the owner of the repository, or with sudo" : null, e);

    private static JumpbagException Failed(string path, Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => new NotFoundException($"{path}: is missing"),
        UnauthorizedAccessException => new FailedException($"{path}: may not be read", "run it as the owner of the repository, or with sudo", e),
        _ => new FailedException($"{path}: {e.Message}", null, e),
    };
}
