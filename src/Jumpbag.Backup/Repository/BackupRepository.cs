using System.Buffers;
using System.Text.Json;
using Jumpbag.Backup.Chunking;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using ZstdSharp;

namespace Jumpbag.Backup.Repository;

/// <summary>A repository in restic's format, version 1 or 2. Opening and reading write nothing to it, not even a lock.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html</remarks>
public sealed partial class BackupRepository : BlobSource, IDisposable
{
    /// <summary>The chunker cuts at 8 MiB; a tree of a huge folder is longer.</summary>
    private const int MostBlob = 1 << 30;

    /// <summary>Of a file that is read whole: configuration, key, snapshot, index.</summary>
    private const int MostFile = 512 << 20;

    private readonly RepositoryStore store;
    private readonly RepositoryCipher cipher;
    private readonly EventSink events;
    private Lazy<BlobIndex> index;
    private readonly ThreadLocal<Decompressor> decompressors = new(() => new Decompressor(), trackAllValues: true);
    private readonly Lock gate = new();
    private readonly List<string> indexProblems = [];
    private bool readAllPacks;
    private long bytesRead;

    private BackupRepository(RepositoryStore store, RepositoryCipher cipher, EventSink events)
    {
        (this.store, this.cipher, this.events) = (store, cipher, events);
        index = new(ReadIndex);
    }

    public override string Place => store.Place;

    /// <summary>Bytes of blobs that were read, as they are stored.</summary>
    public long BytesRead => Interlocked.Read(ref bytesRead);

    public int Version { get; private init; }

    /// <summary>By which files are cut: repositories with the same one have the same blobs.</summary>
    public required RabinPolynomial Polynomial { get; init; }

    internal RepositoryStore Store => store;

    internal RepositoryCipher Cipher => cipher;

    internal BlobIndex Index => index.Value;

    /// <summary>What others have done since is seen: for who has just got the lock.</summary>
    internal void ReadIndexAnew()
    {
        indexProblems.Clear();
        Unreached = null;
        index = new(ReadIndex);
        readAllPacks = false;
    }

    /// <summary>Of the store, which the repository then owns.</summary>
    /// <exception cref="NotFoundException">There is no repository.</exception>
    /// <exception cref="FailedException">No key fits the password.</exception>
    public static BackupRepository Open(RepositoryStore store, ReadOnlyMemory<byte> password, EventSink events)
    {
        OpenSsl.Require("a backup repository", "there is no other way into one");
        if (!store.HasRepository())
            throw new NotFoundException($"{store.Place}: no repository there", "a repository has the file 'config' and the folders 'data', 'index', 'keys', 'snapshots'");
        RepositoryCipher? cipher = null;
        IReadOnlyList<string> keys = store.List(FileKind.Key);
        foreach (string key in keys)
            if ((cipher = TryKey(store, key, password, events)) is not null)
                break;
        if (cipher is null)
            throw new FailedException($"{store.Place}: {(keys.Count == 0 ? "there is no key" : $"the password fits none of its {keys.Count} {(keys.Count == 1 ? "key" : "keys")}")}",
                keys.Count == 0 ? "without the files in 'keys' nobody can read a repository: look for them in another copy of it" : "a line's end at the end of a password file is not part of the password");
        try
        {
            byte[] config = cipher.TryOpen(ReadWhole(store, FileKind.Config, "config")) ?? throw new CorruptException($"{store.Place}: its configuration was altered", "copy the file 'config' from another copy of this repository");
            using JsonDocument document = JsonDocument.Parse(config);
            int version = document.RootElement.GetProperty("version").GetInt32();
            return version is 1 or 2 ? new(store, cipher, events) { Version = version, Polynomial = RabinPolynomial.Parse(document.RootElement.GetProperty("chunker_polynomial").GetString() ?? "") } : throw new UnsupportedException($"{store.Place}: is of version {version}; 1 and 2 are known");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            cipher.Dispose();
            throw new CorruptException($"{store.Place}: its configuration cannot be made out: {e.Message}");
        }
        catch
        {
            cipher.Dispose();
            throw;
        }
    }

    /// <summary>All that can be read, the oldest first; of others is warned.</summary>
    /// <param name="unreadable">Told of those too.</param>
    public IReadOnlyList<SnapshotInfo> Snapshots(Action<StorageId, string>? unreadable = null)
    {
        var found = new List<SnapshotInfo>();
        foreach (string name in store.List(FileKind.Snapshot))
        {
            if (!StorageId.TryParse(name, out StorageId id))
                continue;
            try
            {
                found.Add(SnapshotInfo.Parse(id, ReadFile(FileKind.Snapshot, name)));
            }
            catch (JumpbagException e)
            {
                events(new Warning($"snapshot {id.Short} cannot be read: {e.Message}", e.Hint));
                unreadable?.Invoke(id, $"snapshot {id.Short} cannot be read: {e.Message}");
            }
        }
        return [.. found.OrderBy(snapshot => snapshot.Time).ThenBy(snapshot => snapshot.Id)];
    }

    internal override long? LengthOf(BlobType type, StorageId blob) => Known(type, blob) && index.Value.TryFind(type, blob, out BlobPlace? place) ? place.Value.ContentLength : null;

    /// <summary>The file of a snapshot, JSON.</summary>
    internal byte[] SnapshotFile(StorageId id) => ReadFile(FileKind.Snapshot, id.ToString());

    /// <summary>
    /// Why it cannot be told which packs there are and what they hold, though they may be whole: something could not be reached. Nothing may be
    /// removed then. Null where everything was read, or is damaged for good.
    /// </summary>
    internal JumpbagException? Unreached { get; private set; }

    /// <summary>Index files that cannot be used, in words.</summary>
    internal IReadOnlyList<string> IndexProblems => indexProblems;

    /// <summary>Why a sealed blob, as it lies in a pack, is not what it is said to be; null where it is.</summary>
    internal string? Mismatch(ReadOnlySpan<byte> hidden, uint uncompressed, StorageId blob)
    {
        TryOpen(hidden, uncompressed, blob, out string? reason)?.Dispose();
        return reason;
    }

    /// <summary>Looks into the packs that no index names, once: from then on their blobs are known.</summary>
    internal void ReadUnnamedPacksOnce()
    {
        lock (gate)
        {
            if (readAllPacks)
                return;
            readAllPacks = true;
            ReadUnnamedPacks();
        }
    }

    /// <summary>How many bytes it takes in its pack; null where no index names it.</summary>
    internal long? StoredLength(BlobType type, StorageId blob) => index.Value.TryFind(type, blob, out BlobPlace? place) ? place.Value.Length : null;

    internal override BlobContent Blob(BlobType type, StorageId blob)
    {
        JumpbagException? failed = null;
        if (Known(type, blob))
        {
            foreach (BlobPlace place in index.Value.Places(type, blob))
            {
                try
                {
                    return Read(place, blob);
                }
                catch (JumpbagException e)
                {
                    failed = e;
                }
            }
        }
        throw failed ?? new CorruptException($"blob {blob.Short} is in no pack of the repository");
    }

    public void Dispose()
    {
        foreach (Decompressor decompressor in decompressors.Values)
            decompressor.Dispose();
        decompressors.Dispose();
        cipher.Dispose();
        store.Dispose();
    }

    private BlobContent Read(BlobPlace place, StorageId blob)
    {
        StorageId pack = index.Value.Pack(place);
        if (place.Length > MostBlob)
            throw new CorruptException($"pack {pack.Short}: a blob is said to have {place.Length} bytes");
        int length = (int)place.Length;
        byte[] hidden = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            store.Read(FileKind.Pack, pack.ToString(), place.Offset, hidden.AsSpan(0, length));
            Interlocked.Add(ref bytesRead, length);
            return TryOpen(hidden.AsSpan(0, length), place.Uncompressed, blob, out string? reason) ?? throw new CorruptException($"pack {pack.Short}: the blob at byte {place.Offset} {reason}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(hidden);
        }
    }

    /// <summary>What is in a sealed blob; null, and why, where it is not the one that it should be.</summary>
    private BlobContent? TryOpen(ReadOnlySpan<byte> hidden, uint uncompressed, StorageId blob, out string? reason)
    {
        int length = Math.Max(0, hidden.Length - RepositoryCipher.Overhead);
        reason = uncompressed > MostFile ? $"is said to have {uncompressed} bytes" : null;
        if (reason is not null)
            return null;
        var content = new BlobContent(uncompressed > 0 ? (int)uncompressed : length);
        byte[] compressed = uncompressed > 0 ? ArrayPool<byte>.Shared.Rent(length) : [];
        try
        {
            if (!cipher.TryOpen(hidden, uncompressed > 0 ? compressed : content.Room))
                reason = "was altered";
            else if (uncompressed > 0 && decompressors.Value!.Unwrap(compressed.AsSpan(0, length), content.Room) != content.Length)
                reason = "is shorter than it is said to be";
            else if (StorageId.Of(content.Span) != blob)
                reason = $"is not {blob.Short}";
        }
        catch (ZstdException e)
        {
            reason = $"cannot be decompressed: {e.Message}";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed);
        }
        if (reason is null)
            return content;
        content.Dispose();
        return null;
    }

    /// <summary>Whether there is such a blob; before it is said that there is none, the packs that no index names are looked into, once.</summary>
    private bool Known(BlobType type, StorageId blob)
    {
        if (index.Value.TryFind(type, blob, out _))
            return true;
        ReadUnnamedPacksOnce();
        return index.Value.TryFind(type, blob, out _);
    }

    private void ReadUnnamedPacks()
    {
        int added = 0;
        foreach (string name in store.List(FileKind.Pack))
        {
            if (!StorageId.TryParse(name, out StorageId pack) || index.Value.Knows(pack))
                continue;
            try
            {
                PackHeader.AddTo(index.Value, pack, store, cipher);
                added++;
            }
            catch (JumpbagException e)
            {
                Reach(e);
                events(new Warning(e.Message, e.Hint));
            }
        }
        if (added > 0)
            events(new Status(Place, $"the index lacks {added} {(added == 1 ? "pack, which was" : "packs, which were")} looked into"));
    }

    private BlobIndex ReadIndex()
    {
        var read = new BlobIndex();
        foreach (string name in store.List(FileKind.Index))
        {
            try
            {
                read.Add(ReadFile(FileKind.Index, name), name);
            }
            catch (JumpbagException e)
            {
                string problem = $"index {name[..Math.Min(8, name.Length)]} cannot be used: {e.Message}";
                Reach(e);
                indexProblems.Add(problem);
                events(new Warning(problem, "the packs themselves are looked into instead, which takes longer"));
            }
        }
        return read;
    }

    private void Reach(JumpbagException failure) => Unreached ??= failure is CorruptException ? null : failure;

    /// <summary>The content of a sealed file, JSON.</summary>
    internal byte[] ReadFile(FileKind kind, string name)
    {
        byte[] file = ReadWhole(store, kind, name);
        if (!StorageId.TryParse(name, out StorageId id) || StorageId.Of(file) != id)
            throw new CorruptException("its bytes don't fit its name");
        byte[] plain = cipher.TryOpen(file) ?? throw new CorruptException("it was sealed with other keys");
        return plain switch
        {
            [(byte)'{' or (byte)'[', ..] => plain,
            [2, ..] => Decompress(plain.AsSpan(1)),
            _ => throw new UnsupportedException($"its encoding is not known"),
        };
    }

    private byte[] Decompress(ReadOnlySpan<byte> compressed)
    {
        try
        {
            ulong size = Decompressor.GetDecompressedSize(compressed);
            if (size > MostFile)
                throw new CorruptException($"it is said to have {size} bytes");
            var content = new byte[size];
            int written = decompressors.Value!.Unwrap(compressed, content);
            return written == content.Length ? content : content[..written];
        }
        catch (ZstdException e)
        {
            throw new CorruptException($"it cannot be decompressed: {e.Message}");
        }
    }

    private static RepositoryCipher? TryKey(RepositoryStore store, string name, ReadOnlyMemory<byte> password, EventSink events)
    {
        try
        {
            return KeyFile.TryOpen(ReadWhole(store, FileKind.Key, name), name[..Math.Min(8, name.Length)], password.Span);
        }
        catch (JumpbagException e)
        {
            events(new Warning(e.Message, e.Hint));
            return null;
        }
    }

    private static byte[] ReadWhole(RepositoryStore store, FileKind kind, string name)
    {
        long length = store.Length(kind, name);
        if (length > MostFile)
            throw new CorruptException($"{name}: has {ByteSize.Format(length)}, which no such file has");
        var content = new byte[length];
        store.Read(kind, name, 0, content);
        return content;
    }
}
