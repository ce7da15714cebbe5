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

    public virtual void Dispose() => GC.SuppressFinalize(this);
}
