using System.Buffers;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backup.Maintenance;

/// <summary>Takes packs out of a repository: an index of all the others first, then the index files that were there before, then the packs. Only under an exclusive lock.</summary>
internal static class IndexRewrite
{
    private const int MostIndexed = 50_000;

    /// <param name="gone">The packs, whether they are still there or not.</param>
    /// <param name="verified">Packs that no index names yet, were read whole, and are to be named; others of that kind are not.</param>
    public static void Without(BackupRepository repository, IReadOnlySet<StorageId> gone, IReadOnlySet<StorageId> verified, EventSink events)
    {
        if (repository.Unreached is { } unreached)
            throw new FailedException($"{repository.Place}: nothing is removed, since not everything could be read: {unreached.Message}", unreached.Hint ?? "run it again when the repository can be reached", unreached);
        IReadOnlyList<string> before = repository.Store.List(FileKind.Index);
        var saved = new HashSet<string>();
        var builder = new IndexBuilder();
        var text = new ArrayBufferWriter<byte>();
        foreach ((StorageId pack, List<PackedBlob> blobs) in repository.Index.ByPack())
        {
            if (gone.Contains(pack) || blobs.Count == 0 || !(repository.Index.IsNamed(pack) || verified.Contains(pack)))
                continue;
            builder.Add(pack, blobs);
            if (builder.Blobs < MostIndexed)
                continue;
            saved.Add(repository.SaveFile(FileKind.Index, builder.ToJson(text)).ToString());
            builder = new();
        }
        if (!builder.IsEmpty)
            saved.Add(repository.SaveFile(FileKind.Index, builder.ToJson(text)).ToString());
        foreach (string name in before)
            if (!saved.Contains(name))
                repository.Store.Remove(FileKind.Index, name);
        foreach (StorageId pack in gone)
        {
            try
            {
                repository.Store.Remove(FileKind.Pack, pack.ToString());
            }
            catch (JumpbagException e)
            {
                // Nothing names it any more: it takes room, and no more than that.
                events(new Warning($"{repository.Place}: pack {pack.Short} stays: {e.Message}", e.Hint));
            }
        }
    }
}
