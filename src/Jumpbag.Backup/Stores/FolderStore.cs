using Jumpbag.Core;
using Microsoft.Win32.SafeHandles;

namespace Jumpbag.Backup.Stores;

/// <summary>A repository in a folder of this machine, or of one that is mounted here; in restic's layout of today or that of its first years on S3.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Repository Layout"</remarks>
public sealed class FolderStore : RepositoryStore
{
    private readonly string folder;
    private readonly bool isLegacy;

    /// <exception cref="NotFoundException">There is no repository.</exception>
    public FolderStore(string folder)
    {
        // What is mounted is served by a process that is in another folder.
        this.folder = Path.GetFullPath(folder);
        Place = folder;
        if (!IsRepository(folder))
            throw new NotFoundException($"{folder}: no repository there", Directory.Exists(folder) ? "a repository has the file 'config' and the folders 'data', 'index', 'keys', 'snapshots'" : "there is no such folder");
        isLegacy = !Directory.Exists(Path.Combine(folder, "keys"));
    }

    public override string Place { get; }

    public static bool IsRepository(string folder) =>
        File.Exists(Path.Combine(folder, "config")) && Directory.Exists(Path.Combine(folder, "data")) && (Directory.Exists(Path.Combine(folder, "keys")) || Directory.Exists(Path.Combine(folder, "key")));

    public override IReadOnlyList<string> List(FileKind kind)
    {
        string path = Folder(kind);
        try
        {
            // What is being written has another name until it is whole.
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
        using SafeFileHandle file = Open(kind, name);
        try
        {
            while (!destination.IsEmpty)
            {
                int count = RandomAccess.Read(file, destination, offset);
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

    private string PathOf(FileKind kind, string name) => kind switch
    {
        FileKind.Config => Path.Combine(folder, "config"),
        FileKind.Pack when !isLegacy => Path.Combine(Folder(kind), name[..2], name),
        _ => Path.Combine(Folder(kind), name),
    };

    private string Folder(FileKind kind) => Path.Combine(folder, kind switch
    {
        FileKind.Key => isLegacy ? "key" : "keys",
        FileKind.Snapshot => isLegacy ? "snapshot" : "snapshots",
        FileKind.Lock => isLegacy ? "lock" : "locks",
        FileKind.Index => "index",
        _ => "data",
    });

    private static JumpbagException Failed(string path, Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => new NotFoundException($"{path}: is missing"),
        UnauthorizedAccessException => new FailedException($"{path}: may not be read", "run it as the owner of the repository, or with sudo", e),
        _ => new FailedException($"{path}: {e.Message}", null, e),
    };
}
