namespace Jumpbag.Backup.Stores;

/// <summary>What a repository's files are for; each kind is a folder, but for the one configuration.</summary>
public enum FileKind
{
    Config,
    Key,
    Snapshot,
    Index,
    Pack,
    Lock,
}

/// <summary>Where a repository's files lie. All methods may be called by several threads at once.</summary>
public abstract class RepositoryStore : IDisposable
{
    /// <summary>How a person names it.</summary>
    public abstract string Place { get; }

    /// <summary>The names of all files of a kind, in no order.</summary>
    /// <exception cref="Core.JumpbagException">They cannot be had.</exception>
    public abstract IReadOnlyList<string> List(FileKind kind);

    /// <summary>In bytes.</summary>
    /// <exception cref="Core.JumpbagException">It is not there, or cannot be had.</exception>
    public abstract long Length(FileKind kind, string name);

    /// <summary>Fills <paramref name="destination"/> from a place of a file.</summary>
    /// <exception cref="Core.JumpbagException">Not all of it can be had.</exception>
    public abstract void Read(FileKind kind, string name, long offset, Span<byte> destination);

    /// <summary>Whether a repository is there: its configuration is.</summary>
    /// <exception cref="Core.JumpbagException">That cannot be told.</exception>
    public abstract bool HasRepository();

    /// <summary>Makes what the files of a new repository lie in, where it is absent: folders, a bucket, a container.</summary>
    public abstract void Prepare();

    /// <summary>
    /// Writes a file whole. Its name is there with all of the content or not at all, whatever breaks off meanwhile; when this returns it
    /// lasts, and what arrived was compared with what was sent. A file of that name is replaced.
    /// </summary>
    /// <exception cref="Core.JumpbagException">It could not be written; no file of that name is there that was not there before.</exception>
    public abstract void Save(FileKind kind, string name, ReadOnlyMemory<byte> content);

    /// <summary>How many packs are worth being saved at once; each takes its memory.</summary>
    public virtual int Uploads => 2;

    /// <summary>Removes a file; none of that name is none removed.</summary>
    public abstract void Remove(FileKind kind, string name);

    /// <summary>Files that were being written when something broke off: never whole, and of use to nobody. None in a store that shows no such.</summary>
    public virtual IReadOnlyList<string> Unfinished(FileKind kind) => [];

    /// <summary>Whether a name is one that a file has only while it is written; restic's are such too.</summary>
    protected static bool IsUnfinished(string name) => name.Contains("-tmp-", StringComparison.Ordinal);

    /// <summary>
    /// By what the contents of a file are called that the store keeps, also after it was overwritten or removed. None where it keeps no versions,
    /// or none of that name.
    /// </summary>
    /// <exception cref="Core.JumpbagException">That cannot be told.</exception>
    public virtual IReadOnlyList<string> Versions(FileKind kind, string name) => [];

    /// <summary>All of a version; null where it is gone.</summary>
    public virtual byte[]? ReadVersion(FileKind kind, string name, string version) => null;

    /// <summary>Removes a version for good.</summary>
    /// <exception cref="Core.JumpbagException">It could not be removed.</exception>
    public virtual void RemoveVersion(FileKind kind, string name, string version) => throw new Core.UnsupportedException($"{Place}: keeps no versions");

    public virtual void Dispose() => GC.SuppressFinalize(this);
}
