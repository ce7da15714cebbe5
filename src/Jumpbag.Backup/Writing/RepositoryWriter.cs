using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;
using ZstdSharp;

namespace Jumpbag.Backup.Writing;

/// <summary>
/// Saves blobs in packs: those of data and those of trees apart. A pack is saved as soon as it is full, and named in an index
/// file only once it is: whatever breaks off leaves a repository that is whole, and of which the next run uses what the index
/// files name. <see cref="Save"/> may be called by several threads at once.
/// </summary>
internal sealed class RepositoryWriter : IDisposable
{
    /// <summary>Packs on their way to the store at once; each takes its memory, so there are no more that wait.</summary>
    private const int Uploads = 2;

    /// <summary>A pack of the usual size with its list, and the blob that does not end where it should.</summary>
    private const int BufferSize = PackBuilder.Target + (2 << 20);

    /// <summary>An index file of so many blobs has about 8 MB.</summary>
    private const int MostIndexed = 50_000;

    private const int CompressionLevel = 3;

    private static readonly TimeSpan IndexEvery = TimeSpan.FromMinutes(2);

    private readonly BackupRepository repository;
    private readonly Lock gate = new();
    private readonly PackBuilder?[] packs = new PackBuilder?[2];
    private readonly ConcurrentBag<byte[]> buffers = [];
    private readonly BlockingCollection<PackBuilder> full = [];
    private readonly SemaphoreSlim room = new(Uploads);
    private readonly Thread[] uploaders;
    private readonly ThreadLocal<Compressor> compressors = new(() => new(CompressionLevel), trackAllValues: true);
    private readonly Stopwatch sinceIndex = Stopwatch.StartNew();
    private IndexBuilder unindexed = new();
    private volatile Exception? failure;
    private long newBlobs, newBytes, storedBytes;

    public RepositoryWriter(BackupRepository repository)
    {
        if (repository.Version < 2)
            throw new UnsupportedException($"{repository.Place}: is of version {repository.Version}, which is read but not written", "restic brings it to version 2: restic -r REPOSITORY migrate upgrade_repo_v2");
        this.repository = repository;
        uploaders = [.. Enumerable.Range(0, Uploads).Select(_ => new Thread(Upload) { IsBackground = true })];
        foreach (Thread uploader in uploaders)
            uploader.Start();
    }

    /// <summary>Blobs that were not there before.</summary>
    public long NewBlobs => Interlocked.Read(ref newBlobs);

    /// <summary>Of them the content.</summary>
    public long NewBytes => Interlocked.Read(ref newBytes);

    /// <summary>What they take in the packs.</summary>
    public long StoredBytes => Interlocked.Read(ref storedBytes);

    /// <summary>Saves a blob where it is not there yet; its name. It lasts once <see cref="Finish"/> has returned.</summary>
    public StorageId Save(BlobType type, ReadOnlySpan<byte> content)
    {
        StorageId id = StorageId.Of(content);
        if (repository.Index.TryClaim(type, id))
            Store(type, id, content);
        return id;
    }

    /// <summary>Saves a blob also where it is there, for its pack is to go.</summary>
    public void SaveAgain(BlobType type, StorageId id, ReadOnlySpan<byte> content) => Store(type, id, content);

    /// <summary>Saves what is left, and an index of it.</summary>
    public void Finish()
    {
        Close();
        if (failure is not null)
            throw Failed();
        SaveIndex();
    }

    /// <summary>After a break: packs that were saved are named in an index, so that the next run need not save them again.</summary>
    public void Abandon()
    {
        lock (gate)
            packs.AsSpan().Clear();
        Close();
        try
        {
            SaveIndex();
        }
        catch (JumpbagException)
        {
            // Why the work broke off is what the person is told; a store that takes no index either loses nothing but time.
        }
    }

    public void Dispose()
    {
        full.CompleteAdding();
        foreach (Thread uploader in uploaders)
            uploader.Join();
        full.Dispose();
        room.Dispose();
        foreach (Compressor compressor in compressors.Values)
            compressor.Dispose();
        compressors.Dispose();
    }

    private void Store(BlobType type, StorageId id, ReadOnlySpan<byte> content)
    {
        byte[] compressed = ArrayPool<byte>.Shared.Rent(Compressor.GetCompressBound(content.Length)), hidden = [];
        try
        {
            int length = compressors.Value!.Wrap(content, compressed);
            bool isSmaller = length < content.Length;
            ReadOnlySpan<byte> plain = isSmaller ? compressed.AsSpan(0, length) : content;
            int size = plain.Length + RepositoryCipher.Overhead;
            hidden = ArrayPool<byte>.Shared.Rent(size);
            repository.Cipher.Seal(plain, hidden.AsSpan(0, size));
            Add(type, id, hidden.AsSpan(0, size), isSmaller ? (uint)content.Length : 0);
            Interlocked.Increment(ref newBlobs);
            Interlocked.Add(ref newBytes, content.Length);
            Interlocked.Add(ref storedBytes, size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed);
            ArrayPool<byte>.Shared.Return(hidden);
        }
    }

    private void Add(BlobType type, StorageId id, ReadOnlySpan<byte> hidden, uint uncompressed)
    {
        PackBuilder? before = null, after = null;
        lock (gate)
        {
            ref PackBuilder? pack = ref packs[(int)type];
            if (pack is not null && !pack.HasRoom(hidden.Length))
                (before, pack) = (pack, null);
            pack ??= new(Buffer(PackBuilder.SizeFor(hidden.Length)));
            pack.Add(type, id, hidden, uncompressed);
            if (pack.IsFull)
                (after, pack) = (pack, null);
        }
        Send(before);
        Send(after);
    }

    private byte[] Buffer(int needed) => needed > BufferSize ? new byte[needed] : buffers.TryTake(out byte[]? used) ? used : GC.AllocateUninitializedArray<byte>(BufferSize);

    /// <summary>Waits until there is room: what is read faster than the store takes it must not pile up.</summary>
    private void Send(PackBuilder? pack)
    {
        if (failure is not null)
            throw Failed();
        if (pack is null)
            return;
        room.Wait();
        full.Add(pack);
    }

    private void Upload()
    {
        foreach (PackBuilder pack in full.GetConsumingEnumerable())
        {
            try
            {
                // After a failure what still comes is only taken away, so that nobody waits.
                if (failure is not null)
                    continue;
                ReadOnlyMemory<byte> content = pack.Finish(repository.Cipher);
                StorageId id = StorageId.Of(content.Span);
                repository.Store.Save(FileKind.Pack, id.ToString(), content);
                repository.Index.Add(id, pack.Blobs);
                bool isDue;
                lock (gate)
                {
                    unindexed.Add(id, pack.Blobs);
                    isDue = unindexed.Blobs >= MostIndexed || sinceIndex.Elapsed > IndexEvery;
                }
                if (isDue)
                    SaveIndex();
            }
            catch (Exception e)
            {
                failure ??= e;
            }
            finally
            {
                if (pack.Buffer.Length == BufferSize)
                    buffers.Add(pack.Buffer);
                room.Release();
            }
        }
    }

    private void SaveIndex()
    {
        IndexBuilder due;
        lock (gate)
        {
            (due, unindexed) = (unindexed, new());
            sinceIndex.Restart();
        }
        if (!due.IsEmpty)
            repository.SaveFile(FileKind.Index, due.ToJson());
    }

    private void Close()
    {
        PackBuilder?[] last;
        lock (gate)
        {
            last = [.. packs];
            packs.AsSpan().Clear();
        }
        foreach (PackBuilder? pack in last)
            if (pack is not null)
                full.Add(pack);
        full.CompleteAdding();
        foreach (Thread uploader in uploaders)
            uploader.Join();
    }

    private Exception Failed() => failure is JumpbagException known ? new FailedException(known.Message, known.Hint, known) : new InvalidOperationException("an upload failed", failure);
}
