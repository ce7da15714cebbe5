using System.Collections.Concurrent;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;

namespace Jumpbag.Tests.Unit.Backup;

/// <summary>A store in memory. It can be broken off at a change, as a kill or a lost connection does it: from then on nothing goes.</summary>
internal sealed class MemoryStore : RepositoryStore
{
    private readonly ConcurrentDictionary<(FileKind Kind, string Name), byte[]> files;
    private int changes;
    private volatile bool isBroken;

    public MemoryStore() => files = new();

    private MemoryStore(IEnumerable<KeyValuePair<(FileKind, string), byte[]>> files) => this.files = new(files);

    public override string Place => "memory";

    /// <summary>The change, counted from 1, that is not made, or made and not answered; 0 for none.</summary>
    public int BreakAt { get; set; }

    /// <summary>Whether the change at which it breaks is made.</summary>
    public bool BreaksAfter { get; set; }

    /// <summary>How many were made.</summary>
    public int Changes => changes;

    /// <summary>Refuses to remove packs, as a server that only lets add.</summary>
    public bool KeepsPacks { get; set; }

    public bool IsBroken => isBroken;

    /// <summary>Another store with the same files, without the locks, whose holders are dead.</summary>
    public MemoryStore Unlocked() => new(files.Where(file => file.Key.Kind != FileKind.Lock));

    public override IReadOnlyList<string> List(FileKind kind)
    {
        Check();
        return [.. files.Keys.Where(key => key.Kind == kind).Select(key => key.Name)];
    }

    public override long Length(FileKind kind, string name) => Content(kind, name).Length;

    public override void Read(FileKind kind, string name, long offset, Span<byte> destination)
    {
        byte[] content = Content(kind, name);
        if (offset + destination.Length > content.Length)
            throw new CorruptException($"{name}: is too short");
        content.AsSpan((int)offset, destination.Length).CopyTo(destination);
    }

    public override bool HasRepository() => files.ContainsKey((FileKind.Config, "config"));

    public override void Prepare()
    {
    }

    public override void Save(FileKind kind, string name, ReadOnlyMemory<byte> content)
    {
        byte[] copy = content.ToArray();
        Change(() => files[(kind, name)] = copy);
    }

    public override void Remove(FileKind kind, string name)
    {
        if (KeepsPacks && kind == FileKind.Pack)
            throw new FailedException("packs are not removed here");
        Change(() => files.TryRemove((kind, name), out _));
    }

    /// <summary>Flips a byte.</summary>
    public void Damage(FileKind kind, string name)
    {
        byte[] content = [.. files[(kind, name)]];
        content[content.Length / 4] ^= 0x55;
        files[(kind, name)] = content;
    }

    private byte[] Content(FileKind kind, string name)
    {
        Check();
        return files.TryGetValue((kind, name), out byte[]? content) ? content : throw new NotFoundException($"{kind} {name} is missing");
    }

    private void Change(Action make)
    {
        Check();
        if (Interlocked.Increment(ref changes) != BreakAt)
        {
            make();
            return;
        }
        if (BreaksAfter)
            make();
        isBroken = true;
        Check();
    }

    private void Check()
    {
        if (isBroken)
            throw new FailedException("the store is gone");
    }
}
