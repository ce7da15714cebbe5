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

    private readonly StoreOptions options = new() { Events = events };
    private readonly Dictionary<string, BackupRepository> opened = [];
    private readonly Dictionary<(BackupRepository, StorageId), FileTree> trees = [];

    /// <param name="url">A folder, or the address of one or of a store in the network.</param>
    public BackupRepository Open(string url)
    {
        if (opened.TryGetValue(url, out BackupRepository? known))
            return known;
        StoreAddress address = StoreAddress.Parse(url);
        RepositoryStore store = address.Open(options);
        try
        {
            BackupRepository repository = BackupRepository.Open(store, RepositoryPassword.Find(passwordFile, address.Place), events);
            opened.Add(url, repository);
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
        StoreAddress address = StoreAddress.Parse(url);
        RepositoryStore store = address.Open(options);
        try
        {
            BackupRepository repository = BackupRepository.Create(store, RepositoryPassword.Find(passwordFile, address.Place), polynomial, events);
            opened.Add(url, repository);
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
        if (StoreAddress.IsRemote(text))
            return StoreAddress.Split(text) is (string address, { } snapshot) ? Open(address, snapshot) : throw WhichSnapshot(StoreAddress.Parse(text).Place);
        int from = text.StartsWith(FileScheme, StringComparison.Ordinal) ? FileScheme.Length : 0;
        for (int end = text.IndexOf(':', from); ; end = text.IndexOf(':', end + 1))
        {
            string url = end < 0 ? text : text[..end];
            if (FolderStore.IsRepository(url[from..]))
                return end < 0 ? throw WhichSnapshot(text) : Open(url, text[(end + 1)..]);
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
            events(new FileSystemsOpened(repository.Place, [new(repository.Place, $"snapshot {snapshot}", null)]));
        }
        return new($"{repository.Place}:{snapshot.Id.Short}", tree, ByteString.FromArgument(path.StartsWith('/') ? path : "/" + path));
    }

    public void Dispose()
    {
        foreach (BackupRepository repository in opened.Values)
            repository.Dispose();
    }

    private static UsageException WhichSnapshot(string place) => new($"{place}: is a repository; which snapshot?", $"write {place}:latest, or choose one: jumpbag restore --repo {place} --list");
}
