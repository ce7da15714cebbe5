using Jumpbag.Core;

namespace Jumpbag.Backup.Sources;

/// <summary>
/// An open folder of what is backed up. What cannot be read answers why, in words; null is success. It is held by all that still have
/// to read an entry of it, and closed when the last lets go. May be used by several threads at once.
/// </summary>
internal abstract class SourceFolder
{
    private int holders = 1;

    /// <summary>As people name it, and patterns see it.</summary>
    public abstract ByteString Path { get; }

    /// <summary>All entries, without "." and "..", in no order; those that came before a failure too.</summary>
    public abstract string? ReadNames(List<ByteString> names);

    /// <summary>What is known of an entry at first sight: all but the target and the attributes.</summary>
    public abstract string? Look(ByteString name, out SourceFile file);

    /// <summary>The rest of an entry that is not opened.</summary>
    /// <param name="unread">Told of each attribute that cannot be read.</param>
    public abstract string? Complete(ByteString name, ref SourceFile file, Action<string> unread);

    /// <summary>An entry that is a folder.</summary>
    public abstract string? OpenFolder(ByteString name, out SourceFolder? folder);

    /// <summary>An entry that is a regular file.</summary>
    public abstract string? OpenFile(ByteString name, out SourceContent? content);

    public SourceFolder Hold()
    {
        Interlocked.Increment(ref holders);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref holders) == 0)
            Close();
    }

    protected abstract void Close();
}

/// <summary>An open file of what is backed up.</summary>
internal abstract class SourceContent : IDisposable
{
    /// <summary>As it is now, with its attributes.</summary>
    public abstract string? Status(out SourceFile file, Action<string> unread);

    /// <summary>Reads on from <paramref name="offset"/> until the room or the file ends.</summary>
    public abstract string? Read(Span<byte> destination, long offset, out int count);

    public abstract void Dispose();
}
