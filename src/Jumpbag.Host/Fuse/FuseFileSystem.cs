using Jumpbag.Core;

namespace Jumpbag.Host.Fuse;

/// <summary>
/// What a <see cref="FuseMount"/> serves. Files are named by numbers that the file system chooses; 1 is the top folder. What
/// it told once must stay so: the kernel keeps it, and asks no more. All methods are called from several threads at once, and
/// answer an error or throw one of Jumpbag's exceptions, which becomes one (<see cref="ErrorOf"/>).
/// </summary>
public abstract class FuseFileSystem
{
    public const ulong Root = 1;

    /// <summary>Whether <see cref="Write"/>, <see cref="Flush"/> and <see cref="Zero"/> are of use.</summary>
    public virtual bool IsWritable => false;

    /// <summary>What a name in a folder leads to; <see cref="Errno.NoEntry"/> where there is none, which the kernel remembers too.</summary>
    public abstract Errno Lookup(ulong folder, ReadOnlySpan<byte> name, out FuseEntry entry);

    public abstract Errno GetAttributes(ulong node, out FuseAttributes attributes);

    /// <summary>When the file was made, where that is known.</summary>
    public virtual Timestamp? Born(ulong node) => null;

    /// <summary>Adds the entries from a place on, "." and ".." among them, until the writer is full: 0 is the first, others came with an entry.</summary>
    public abstract Errno List(ulong folder, ulong from, ref FuseDirectoryWriter entries);

    /// <summary>Fills all of <paramref name="destination"/> that lies within the file; how much that is.</summary>
    public abstract Errno Read(ulong node, long offset, Span<byte> destination, out int count);

    /// <summary>The next byte from <paramref name="offset"/> on that is data, or in a hole; the end counts as a hole.</summary>
    /// <returns><see cref="Errno.NoSuchDeviceOrAddress"/> behind the end, or where no more data follows.</returns>
    public abstract Errno Seek(ulong node, long offset, bool data, out long found);

    public virtual Errno ReadLink(ulong node, Span<byte> destination, out int length)
    {
        length = 0;
        return Errno.Invalid;
    }

    /// <summary>The names of the extended attributes, each with a zero behind it.</summary>
    public virtual Errno ListXattr(ulong node, Span<byte> destination, out int length)
    {
        length = 0;
        return Errno.NotImplemented;
    }

    public virtual Errno GetXattr(ulong node, ReadOnlySpan<byte> name, Span<byte> destination, out int length)
    {
        length = 0;
        return Errno.NotImplemented;
    }

    public abstract FuseSpace Space(ulong node);

    public virtual Errno Write(ulong node, long offset, ReadOnlySpan<byte> data) => Errno.ReadOnly;

    /// <summary>Makes a range zeros; where <paramref name="discard"/> is set, it may give the space up too.</summary>
    public virtual Errno Zero(ulong node, long offset, long length, bool discard) => Errno.ReadOnly;

    /// <summary>All that was written is to be safe on the disk.</summary>
    public virtual Errno Flush(ulong node) => Errno.None;

    /// <summary>Told of each request that failed with an exception: for those who list what could not be read.</summary>
    public virtual void Failed(ulong node, Exception failure)
    {
    }

    internal static Errno ErrorOf(Exception failure) => failure is UnsupportedException ? Errno.NotSupported : Errno.InputOutput;
}
