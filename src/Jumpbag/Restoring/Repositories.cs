using Jumpbag.Backup.Chunking;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;

namespace Jumpbag.Restoring;

/// <summary>The repositories that a command reads from, each opened once.</summary>
internal sealed class Repositories(string? passwordFile, EventSink events) : IDisposable
{
    private const string FileScheme = "file://";

    private readonly Dictionary<string, BackupRepository> opened = [];
    private readonly Dictionary<(BackupRepository, StorageId), FileTree> trees = [];

    /// <param name="url">A folder, or file:// with one.</param>
    public BackupRepository Open(string url)
    {
        string folder = Folder(url);
        if (opened.TryGetValue(folder, out BackupRepository? known))
            return known;
        RepositoryStore store = OpenStore(url);
        try
        {
            BackupRepository repository = BackupRepository.Open(store, RepositoryPassword.Find(passwordFile, folder), events);
            opened.Add(folder, repository);
            return repository;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Makes one where none is.</summary>
    public BackupRepository Create(string url, RabinPolynomial? polynomial)
    {
        string folder = Folder(url);
        RepositoryStore store = OpenStore(url);
        try
        {
            BackupRepository repository = BackupRepository.Create(store, RepositoryPassword.Find(passwordFile, folder), polynomial, events);
            opened.Add(folder, repository);
            return repository;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>What REPOSITORY:SNAPSHOT[:/PATH] names; null where it names no repository.</summary>
    public Place? TryOpen(string text)
    {
        int from = text.StartsWith(FileScheme, StringComparison.Ordinal) ? FileScheme.Length : 0;
        for (int end = text.IndexOf(':', from); ; end = text.IndexOf(':', end + 1))
        {
            string url = end < 0 ? text : text[..end];
            if (FolderStore.IsRepository(url[from..]))
                return end < 0 ? throw new UsageException($"{text}: is a repository; which snapshot?", $"write {text}:latest, or choose one: jumpbag restore --repo {text} --list") : Open(url, text[(end + 1)..]);
            if (end < 0)
                return from == 0 ? null : throw new NotFoundException($"{text}: no repository there");
        }
    }

    /// <summary>What SNAPSHOT[:/PATH] names in a repository.</summary>
    public Place Open(string url, string snapshotAndPath)
    {
        BackupRepository repository = Open(url);
        int colon = snapshotAndPath.IndexOf(':', StringComparison.Ordinal);
        string wanted = colon < 0 ? snapshotAndPath : snapshotAndPath[..colon], path = colon < 0 ? "/" : snapshotAndPath[(colon + 1)..];
        SnapshotInfo snapshot = SnapshotInfo.Find(repository.Snapshots(), wanted, repository.Place);
        if (!trees.TryGetValue((repository, snapshot.Id), out FileTree? tree))
        {
            trees.Add((repository, snapshot.Id), tree = new(new SnapshotFileSystem(repository, snapshot)));
            events(new FileSystemsOpened(repository.Place, [new(url, $"snapshot {snapshot}", null)]));
        }
        return new($"{url}:{snapshot.Id.Short}", tree, ByteString.FromArgument(path.StartsWith('/') ? path : "/" + path));
    }

    public void Dispose()
    {
        foreach (BackupRepository repository in opened.Values)
            repository.Dispose();
    }

    /// <summary>Where the files of a repository lie: a folder, or file:// with one.</summary>
    public static RepositoryStore OpenStore(string url) => new FolderStore(Folder(url));

    private static string Folder(string url)
    {
        if (url.StartsWith(FileScheme, StringComparison.Ordinal))
            return url[FileScheme.Length..];
        int colon = url.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || Directory.Exists(url) ? url
            : throw new UnsupportedException($"{url}: repositories behind '{url[..colon]}:' cannot be read yet", "restic or rclone copies one into a folder: rclone copy REMOTE:PATH FOLDER");
    }
}
