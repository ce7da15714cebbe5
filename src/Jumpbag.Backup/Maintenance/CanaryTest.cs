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
/// asking a setting. The object is a pack without any blob: of no account to restic and to us. (Servers that only let add allow to remove locks,
/// so a lock would prove nothing.)
/// </summary>
public static class CanaryTest
{
    private const int MostBytes = 4096;

    /// <param name="known">The canary of an earlier test that withstood: it is tried again instead of leaving another one there.</param>
    public static CanaryResult Run(BackupRepository repository, string? known)
    {
        RepositoryStore store = repository.Store;
        string name = known ?? Plant(repository);
        byte[] before = Read(store, name) ?? Read(store, name = Plant(repository)) ?? throw new FailedException($"{store.Place}: an object that was just written is not there");
        string? overwritten = Try(() => store.Save(FileKind.Pack, name, Empty(repository)));
        if (Read(store, name) is not { } after || !after.AsSpan().SequenceEqual(before))
        {
            Try(() => store.Remove(FileKind.Pack, name));
            return new(false, name, "does not withstand: an object could be overwritten");
        }
        string? removed = Try(() => store.Remove(FileKind.Pack, name));
        return Read(store, name) is { } left && left.AsSpan().SequenceEqual(before)
            ? new(true, name, $"withstands: an object could neither be overwritten ({overwritten ?? "it stayed as it was"}) nor deleted ({removed ?? "it stayed"}); it stays there as pack {name[..8]}")
            : new(false, name, "does not withstand: an object could be deleted");
    }

    private static string Plant(BackupRepository repository)
    {
        byte[] content = Empty(repository);
        string name = StorageId.Of(content).ToString();
        repository.Store.Save(FileKind.Pack, name, content);
        return name;
    }

    /// <summary>Another one each time, since its seal has random bytes.</summary>
    private static byte[] Empty(BackupRepository repository) => new PackBuilder(new byte[PackBuilder.SizeFor(0)]).Finish(repository.Cipher).ToArray();

    private static byte[]? Read(RepositoryStore store, string name)
    {
        try
        {
            var content = new byte[Math.Min(store.Length(FileKind.Pack, name), MostBytes)];
            store.Read(FileKind.Pack, name, 0, content);
            return content;
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

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
