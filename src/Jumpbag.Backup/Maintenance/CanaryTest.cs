using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;

namespace Jumpbag.Backup.Maintenance;

/// <summary>Whether our canary withstood us.</summary>
/// <param name="Name">Of the canary.</param>
public sealed record CanaryResult(bool Stayed, string Name, string Message);

/// <summary>
/// Whether whoever has our credentials could delete a copy: tried on an object that was written for that, never on real data, and never by
/// asking a setting. It is overwritten, deleted, and where the store keeps versions each of these is deleted too. The object is a pack without
/// any blob: of no account to restic and to us. (Servers that only let add allow to remove locks, so a lock would prove nothing.)
/// </summary>
public static class CanaryTest
{
    private const int MostBytes = 4096;

    /// <param name="known">The canary of an earlier test that withstood: it is tried again instead of leaving another one there.</param>
    public static CanaryResult Run(BackupRepository repository, string? known)
    {
        RepositoryStore store = repository.Store;
        string name = known is not null && (IsThere(store, known) || Kept(store, known).Count > 0) ? known : Plant(repository);
        string could = "deleted";
        // What an earlier test has overwritten or deleted is there as a version only.
        if (IsThere(store, name))
        {
            string? overwritten = Try(() => store.Save(FileKind.Pack, name, Empty(repository)));
            if (!IsThere(store, name))
                could = "overwritten";
            string? removed = Try(() => store.Remove(FileKind.Pack, name));
            if (IsThere(store, name))
                return new(true, name, $"withstands: an object could neither be overwritten ({overwritten ?? "it stayed as it was"}) nor deleted ({removed ?? "it stayed"}); it stays there as pack {name[..8]}");
        }
        try
        {
            if (Kept(store, name) is not { Count: > 0 } versions)
                return new(false, name, $"does not withstand: an object could be {could}");
            string? refused = versions.Select(version => Try(() => store.RemoveVersion(FileKind.Pack, name, version))).ToList()[0];
            if (Kept(store, name).Count > 0)
                return new(true, name, $"withstands: an object could be {could}, but what was in it stays as a version, which could not be deleted ({refused ?? "it stayed"}); it is of pack {name[..8]}");
            // What it was overwritten with.
            foreach (string rest in store.Versions(FileKind.Pack, name))
                Try(() => store.RemoveVersion(FileKind.Pack, name, rest));
            return new(false, name, $"does not withstand: an object could be {could}, and then the version of it that was kept could be deleted too");
        }
        catch (JumpbagException e)
        {
            return new(false, name, $"does not withstand: an object could be {could}; whether a version of it stays cannot be told: {e.Message}");
        }
    }

    private static string Plant(BackupRepository repository)
    {
        byte[] content = Empty(repository);
        string name = StorageId.Of(content).ToString();
        repository.Store.Save(FileKind.Pack, name, content);
        return IsThere(repository.Store, name) ? name : throw new FailedException($"{repository.Place}: an object that was just written is not there");
    }

    /// <summary>Another one each time, since its seal has random bytes.</summary>
    private static byte[] Empty(BackupRepository repository) => new PackBuilder(new byte[PackBuilder.SizeFor(0)]).Finish(repository.Cipher).ToArray();

    /// <summary>Whether the object is there with its own content, which its name tells.</summary>
    private static bool IsThere(RepositoryStore store, string name)
    {
        try
        {
            var content = new byte[Math.Min(store.Length(FileKind.Pack, name), MostBytes)];
            store.Read(FileKind.Pack, name, 0, content);
            return IsOf(name, content);
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    /// <summary>The versions that still have its own content.</summary>
    private static List<string> Kept(RepositoryStore store, string name) =>
        [.. store.Versions(FileKind.Pack, name).Where(version => store.ReadVersion(FileKind.Pack, name, version) is { } content && IsOf(name, content))];

    private static bool IsOf(string name, byte[] content) => StorageId.Of(content).ToString() == name;

    /// <summary>Why it was refused; null where it was not.</summary>
    private static string? Try(Action act)
    {
        try
        {
            act();
            return null;
        }
        catch (JumpbagException e)
        {
            return e.Message;
        }
    }
}
