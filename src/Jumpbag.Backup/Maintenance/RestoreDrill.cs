using System.Diagnostics;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Maintenance;

/// <summary>What a drill has measured.</summary>
/// <param name="Opening">Until the first bytes of content could come: connecting, keys, index, the top of the tree.</param>
/// <param name="Elapsed">For the content.</param>
/// <param name="BytesCrossed">As they are stored.</param>
/// <param name="Problems">Paths that did not come back, and why.</param>
public sealed record DrillResult(long Files, long Bytes, long BytesCrossed, TimeSpan Opening, TimeSpan Elapsed, IReadOnlyList<string> Problems);

/// <summary>
/// Restores files of a snapshot, chosen by chance, into a scratch file each, reads that back, and compares it with the blobs' hashes. So
/// everything is measured that a restore consists of, and nothing is left behind.
/// </summary>
public sealed class RestoreDrill(BackupRepository repository, SnapshotInfo snapshot, string scratch, EventSink events, CancellationToken stop)
{
    /// <summary>Of so many files at most the sample is chosen.</summary>
    private const int MostCandidates = 200_000;

    /// <param name="most">Bytes of content to be restored; the file that goes beyond is the last.</param>
    /// <param name="begun">When the opening began, a timestamp of <see cref="Stopwatch"/>.</param>
    public DrillResult Run(long most, long begun)
    {
        repository.Blob(BlobType.Tree, snapshot.Tree).Dispose();
        TimeSpan opening = Stopwatch.GetElapsedTime(begun);
        var problems = new List<string>();
        List<(ByteString Path, SnapshotNode Node)> files = Candidates(problems);
        long total = Math.Min(most, files.Sum(file => file.Node.Size));
        long crossed = repository.BytesRead, start = Stopwatch.GetTimestamp(), bytes = 0, done = 0;
        string file = Path.Combine(scratch, $"jumpbag-drill-{Guid.NewGuid():N}");
        using var progress = new ProgressTimer(events, elapsed => new($"drill from {repository.Place}", Interlocked.Read(ref done), null, Interlocked.Read(ref bytes), total, elapsed));
        try
        {
            using FileStream stream = new(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            foreach ((ByteString path, SnapshotNode node) in files)
            {
                if (bytes >= most)
                    break;
                stop.ThrowIfCancellationRequested();
                if (Restore(node, stream) is { } reason)
                    problems.Add($"{path}: {reason}");
                Interlocked.Add(ref bytes, node.Size);
                Interlocked.Increment(ref done);
            }
        }
        catch (IOException e)
        {
            throw new FailedException($"{file}: the drill cannot write there: {e.Message}", "--to DIR names another place", e);
        }
        return new(done, bytes, repository.BytesRead - crossed, opening, Stopwatch.GetElapsedTime(start), problems);
    }

    private List<(ByteString, SnapshotNode)> Candidates(List<string> problems)
    {
        var files = new List<(ByteString, SnapshotNode)>();
        long met = 0;
        var visit = new TreeVisit(repository, stop)
        {
            Tree = static _ => { },
            Entry = (path, node) =>
            {
                if (node.Type != FileType.Regular || node.Size == 0)
                    return;
                // Each has the same chance, however many there are (reservoir sampling).
                met++;
                if (files.Count < MostCandidates)
                    files.Add((path, node));
                else if (Random.Shared.NextInt64(met) is var place && place < MostCandidates)
                    files[(int)place] = (path, node);
            },
            Lost = (path, _, e) => problems.Add($"{path}: {e.Message}"),
        };
        visit.Run(snapshot.Tree);
        (ByteString, SnapshotNode)[] mixed = [.. files];
        Random.Shared.Shuffle(mixed);
        return [.. mixed];
    }

    /// <summary>Why it did not come back; null where it did.</summary>
    private string? Restore(SnapshotNode node, FileStream stream)
    {
        try
        {
            stream.SetLength(0);
            var lengths = new List<(StorageId Blob, int Length)>();
            foreach (StorageId blob in node.Content)
            {
                using BlobContent content = repository.Blob(BlobType.Data, blob);
                stream.Write(content.Span);
                lengths.Add((blob, content.Length));
            }
            stream.Flush();
            if (stream.Length != node.Size)
                return $"has {stream.Length} bytes, and had {node.Size}";
            stream.Position = 0;
            foreach ((StorageId blob, int length) in lengths)
            {
                var back = new byte[length];
                stream.ReadExactly(back);
                if (StorageId.Of(back) != blob)
                    return $"what was written is not what came: blob {blob.Short}";
            }
            return null;
        }
        catch (JumpbagException e)
        {
            return e.Message;
        }
    }
}
