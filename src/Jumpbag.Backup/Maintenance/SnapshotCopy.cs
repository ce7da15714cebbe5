using System.Text.Json;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Maintenance;

/// <summary>What crossed from one repository to another.</summary>
/// <param name="Snapshot">In the other repository, where its id is another one.</param>
/// <param name="Existed">It was there already, and nothing was done.</param>
public sealed record CopiedSnapshot(SnapshotInfo Snapshot, bool Existed, long NewBlobs, long NewBytes, long StoredBytes, TimeSpan Elapsed);

/// <summary>Copies a snapshot into another repository: of its blobs those that are missing there, sealed anew with the other key.</summary>
public static class SnapshotCopy
{
    /// <param name="from">Where the snapshot is.</param>
    /// <param name="blobs">Where its blobs are read: <paramref name="from"/>, or several copies.</param>
    /// <exception cref="OperationCanceledException">It was stopped: no snapshot is made, and what crossed is used by the next run.</exception>
    /// <exception cref="JumpbagException">It failed, or a blob cannot be had; the same holds.</exception>
    public static CopiedSnapshot Run(BackupRepository from, BlobSource blobs, SnapshotInfo snapshot, BackupRepository to, EventSink events, CancellationToken stop)
    {
        // The same moment of the same source is the same snapshot, whoever carried it over.
        if (to.Snapshots().FirstOrDefault(one => one.Tree == snapshot.Tree && one.Time == snapshot.Time && one.Host == snapshot.Host && one.Paths.SequenceEqual(snapshot.Paths)) is { } there)
            return new(there, true, 0, 0, 0, TimeSpan.Zero);
        using RepositoryLock held = RepositoryLock.Take(to, exclusive: false, events, TimeProvider.System, stop);
        to.ReadIndexAnew();
        long done = 0, total = 0, count = 0;
        using var progress = new ProgressTimer(events, elapsed => new($"copying to {to.Place}", Interlocked.Read(ref count), null, Interlocked.Read(ref done), Interlocked.Read(ref total), elapsed));
        List<(BlobType Type, StorageId Id)> missing = Missing(blobs, snapshot.Tree, to, ref total, held.Stop);
        using var writer = new RepositoryWriter(to);
        try
        {
            Parallel.ForEach(missing, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount + 2, CancellationToken = held.Stop }, blob =>
            {
                using BlobContent content = blobs.Blob(blob.Type, blob.Id);
                writer.Save(blob.Type, content.Span);
                Interlocked.Add(ref done, content.Length);
                Interlocked.Increment(ref count);
            });
            writer.Finish();
        }
        catch (Exception e)
        {
            writer.Abandon();
            held.ThrowIfLost();
            if (e is AggregateException { InnerException: JumpbagException cause })
                throw new FailedException($"snapshot {snapshot.Id.Short} cannot be copied to {to.Place}: {cause.Message}", cause.Hint ?? "'jumpbag backup heal' mends a copy from the others", cause);
            throw;
        }
        held.ThrowIfLost();
        StorageId id = to.SaveFile(FileKind.Snapshot, Renamed(from.SnapshotFile(snapshot.Id), snapshot.Id));
        return new(snapshot with { Id = id }, false, writer.NewBlobs, writer.NewBytes, writer.StoredBytes, progress.Elapsed);
    }

    /// <summary>The blobs that the other one lacks, in the order in which the files have them. Whether a tree is there says nothing of what is below: a copy may have broken off.</summary>
    private static List<(BlobType Type, StorageId Id)> Missing(BlobSource blobs, StorageId root, BackupRepository to, ref long total, CancellationToken stop)
    {
        var missing = new List<(BlobType Type, StorageId Id)>();
        var seen = new HashSet<StorageId>();
        long bytes = 0;
        var visit = new TreeVisit(blobs, stop)
        {
            Tree = id => Want(BlobType.Tree, id),
            Entry = (_, node) =>
            {
                foreach (StorageId id in node.Content)
                    Want(BlobType.Data, id);
            },
            Lost = (path, _, e) => throw new FailedException($"{path}: {e.Message}", e.Hint ?? "'jumpbag backup heal' mends a copy from the others", e),
        };
        visit.Run(root);
        Interlocked.Exchange(ref total, bytes);
        return missing;

        void Want(BlobType type, StorageId id)
        {
            if (to.Index.Contains(type, id) || !seen.Add(id))
                return;
            missing.Add((type, id));
            bytes += blobs.LengthOf(type, id) ?? 0;
        }
    }

    /// <summary>The same, saying which one it is the copy of, as restic's copy has it; without a parent, which is another repository's.</summary>
    private static byte[] Renamed(byte[] json, StorageId id)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
                if (property.Name is not "parent")
                    property.WriteTo(writer);
            if (!document.RootElement.TryGetProperty("original", out _))
                writer.WriteString("original", id.ToString());
            writer.WriteEndObject();
        }
        return text.ToArray();
    }
}
