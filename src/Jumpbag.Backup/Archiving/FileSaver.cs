using Jumpbag.Backup.Chunking;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Sources;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Backup.Archiving;

/// <summary>Reads a file, cuts it, and saves the blobs: those of a large file by several threads.</summary>
internal sealed class FileSaver
{
    private const int ReadAtOnce = 1 << 20;

    private readonly BackupWork work;
    private readonly ByteString path, name;
    private readonly SourceFile file;
    private readonly TreeBuilder tree;
    private readonly int place;
    private readonly List<StorageId> blobs = [];
    private readonly Lock gate = new();
    private long size;
    private int unfinished = 1;
    private string? failure;

    private FileSaver(BackupWork work, ByteString path, ByteString name, in SourceFile file, TreeBuilder tree, int place) =>
        (this.work, this.path, this.name, this.file, this.tree, this.place) = (work, path, name, file, tree, place);

    /// <summary>Saves an entry of a folder under a name, and completes its place in the tree; the folder is let go.</summary>
    public static void Save(BackupWork work, SourceFolder folder, ByteString entry, ByteString name, TreeBuilder tree, int place)
    {
        ByteString path = folder.Path.Join(entry);
        try
        {
            if (folder.OpenFile(entry, out SourceContent? content) is { } reason)
                NotSaved(path, reason, tree, place, work);
            else
                Save(work, content!, path, name, tree, place);
        }
        finally
        {
            folder.Release();
        }
    }

    /// <summary>Saves a file that is open, and closes it.</summary>
    public static void Save(BackupWork work, SourceContent content, ByteString path, ByteString name, TreeBuilder tree, int place)
    {
        using (content)
        {
            string? reason = content.Status(out SourceFile file, unread => work.Tally.AddNotSaved(path, unread));
            if (reason is null && file.Type != FileType.Regular)
                reason = "is no file any more";
            if (reason is not null)
                NotSaved(path, reason, tree, place, work);
            else
                new FileSaver(work, path, name, file, tree, place).Run(content);
        }
    }

    private void Run(SourceContent content)
    {
        // One byte more shows the end of a file that fits.
        byte[] buffer = work.Buffers.Rent(file.Size + 1);
        try
        {
            int filled = 0, searched = 0;
            while (true)
            {
                work.Stop.ThrowIfCancellationRequested();
                int wanted = Math.Min(buffer.Length - filled, ReadAtOnce);
                failure = content.Read(buffer.AsSpan(filled, wanted), size, out int count);
                if (failure is not null)
                    break;
                size += count;
                filled += count;
                work.Tally.AddBytes(count);
                for (int cut; (cut = work.Chunker.Cut(buffer.AsSpan(0, filled), searched)) > 0; searched = 0, filled -= cut)
                    SavePart(ref buffer, cut, filled);
                searched = filled;
                if (count < wanted)
                    break;
                // It has grown meanwhile.
                if (filled == buffer.Length)
                    buffer = Larger(buffer, filled);
            }
            if (filled > 0 && failure is null)
                SaveNow(buffer.AsSpan(0, filled), NextBlob());
        }
        finally
        {
            work.Buffers.Return(buffer);
        }
        Finish();
    }

    /// <summary>Saves the beginning of the buffer, here or by another thread; the rest of it is in another one then.</summary>
    private void SavePart(ref byte[] buffer, int length, int filled)
    {
        byte[] part = buffer;
        int at = NextBlob();
        buffer = work.Buffers.Large();
        part.AsSpan(length, filled - length).CopyTo(buffer);
        Interlocked.Increment(ref unfinished);
        if (!work.Queue.TryAddUrgent(() => SavePart(part, length, at)))
            SavePart(part, length, at);
    }

    private void SavePart(byte[] part, int length, int at)
    {
        try
        {
            SaveNow(part.AsSpan(0, length), at);
        }
        finally
        {
            work.Buffers.Return(part);
        }
        Finish();
    }

    private byte[] Larger(byte[] buffer, int filled)
    {
        byte[] larger = work.Buffers.Large();
        buffer.AsSpan(0, filled).CopyTo(larger);
        work.Buffers.Return(buffer);
        return larger;
    }

    private int NextBlob()
    {
        lock (gate)
        {
            blobs.Add(default);
            return blobs.Count - 1;
        }
    }

    private void SaveNow(ReadOnlySpan<byte> content, int at)
    {
        StorageId id = work.Writer.Save(BlobType.Data, content);
        lock (gate)
            blobs[at] = id;
    }

    /// <summary>A part is done, or the reading: with the last of them the file is.</summary>
    private void Finish()
    {
        if (Interlocked.Decrement(ref unfinished) > 0)
            return;
        if (failure is not null)
        {
            NotSaved(path, failure, tree, place, work);
            return;
        }
        work.Tally.AddFile(isUnchanged: false);
        tree.Complete(place, work.Text.Write(name, file, size, blobs, null));
    }

    private static void NotSaved(ByteString path, string reason, TreeBuilder tree, int place, BackupWork work)
    {
        work.Tally.AddNotSaved(path, reason);
        tree.Complete(place, null);
    }
}
