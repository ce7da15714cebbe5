using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using Jumpbag.Backup.Chunking;
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
    /// <summary>A pack of the usual size with its list, and the blob that does not end where it should.</summary>
    private const int BufferSize = PackBuilder.Target + (2 << 20);

    /// <summary>An index file of so many blobs has about 3 MB before it is compressed.</summary>
    private const int MostIndexed = 20_000;

    private const int CompressionLevel = 3;

    private static readonly TimeSpan IndexEvery = TimeSpan.FromMinutes(2);

    private readonly BackupRepository repository;
    private readonly Lock gate = new(), indexGate = new();
    private readonly PackBuilder?[] packs = new PackBuilder?[2];
    private readonly ConcurrentBag<byte[]> buffers = [];
    private readonly BlockingCollection<PackBuilder> full = [];

    /// <summary>How many packs may yet be begun: one of each type beside those that are on their way.</summary>
    private readonly SemaphoreSlim room;
    private readonly Thread[] uploaders;
    private readonly ThreadLocal<Sealer> sealers = new(() => new(), trackAllValues: true);
    private readonly Stopwatch sinceIndex = Stopwatch.StartNew();
    private readonly ArrayBufferWriter<byte> indexText = new(MostIndexed * 200);
    private IndexBuilder unindexed = new();
    private volatile Exception? failure;
    private long newBlobs, newBytes, storedBytes;

    public RepositoryWriter(BackupRepository repository)
    {
        if (repository.Version < 2)
            throw new UnsupportedException($"{repository.Place}: is of version {repository.Version}, which is read but not written", "restic brings it to version 2: restic -r REPOSITORY migrate upgrade_repo_v2");
        this.repository = repository;
        int uploads = repository.Store.Uploads;
        room = new(uploads + packs.Length);
        uploaders = [.. Enumerable.Range(0, uploads).Select(_ => new Thread(Upload) { IsBackground = true })];
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
        foreach (Sealer sealer in sealers.Values)
            sealer.Compressor.Dispose();
        sealers.Dispose();
    }

    private void Store(BlobType type, StorageId id, ReadOnlySpan<byte> content)
    {
        Sealer sealer = sealers.Value!;
        Span<byte> hidden = sealer.Room(content.Length + RepositoryCipher.Overhead);
        // Compressed to where it is then sealed; what does not become smaller is left as it is.
        bool isSmaller = sealer.Compressor.TryWrap(content, hidden.Slice(RepositoryCipher.IvSize, Math.Max(0, content.Length - 1)), out int length);
        if (!isSmaller)
            length = content.Length;
        hidden = hidden[..(length + RepositoryCipher.Overhead)];
        repository.Cipher.Seal(isSmaller ? hidden.Slice(RepositoryCipher.IvSize, length) : content, hidden);
        Add(type, id, hidden, isSmaller ? (uint)content.Length : 0);
        Interlocked.Increment(ref newBlobs);
        Interlocked.Add(ref newBytes, content.Length);
        Interlocked.Add(ref storedBytes, hidden.Length);
    }

    private void Add(BlobType type, StorageId id, ReadOnlySpan<byte> hidden, uint uncompressed)
    {
        PackBuilder? before = null, after = null;
        lock (gate)
        {
            ref PackBuilder? pack = ref packs[(int)type];
            if (pack is not null && !pack.HasRoom(hidden.Length))
                (before, pack) = (pack, null);
            pack ??= Begin(PackBuilder.SizeFor(hidden.Length));
            pack.Add(type, id, hidden, uncompressed);
            if (pack.IsFull)
                (after, pack) = (pack, null);
        }
        Send(before);
        Send(after);
    }

    /// <summary>Waits until there is room: what is read faster than the store takes it must not pile up.</summary>
    private PackBuilder Begin(int needed)
    {
        room.Wait();
        return new(needed > BufferSize ? new byte[needed] : buffers.TryTake(out byte[]? used) ? used : GC.AllocateUninitializedArray<byte>(BufferSize));
    }

    private void Send(PackBuilder? pack)
    {
        if (failure is not null)
            throw Failed();
        if (pack is not null)
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
                // Not the gate: who holds that may be waiting for this pack to be gone.
                lock (indexGate)
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
        lock (indexGate)
        {
            (due, unindexed) = (unindexed, new());
            sinceIndex.Restart();
        }
        if (!due.IsEmpty)
            lock (indexText)
                repository.SaveFile(FileKind.Index, due.ToJson(indexText));
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

    /// <summary>What a thread seals with. As memory the buffer takes only what was ever filled of it.</summary>
    private sealed class Sealer
    {
        private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(Chunker.Most + RepositoryCipher.Overhead);

        public Compressor Compressor { get; } = new(CompressionLevel);

        /// <summary>The tree of a huge folder is longer than any chunk.</summary>
        public Span<byte> Room(int length) => length <= buffer.Length ? buffer.AsSpan(0, length) : new byte[length];
    }
}
