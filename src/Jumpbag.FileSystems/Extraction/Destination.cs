using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>Where the copies go, by cp(1)'s rules: into a folder that is there, or under a new name in its parent.</summary>
internal sealed class Destination
{
    private readonly ByteString newName;

    private Destination(DirectoryHandle folder, ByteString newName)
    {
        Folder = folder;
        this.newName = newName;
        InheritsGroup = folder.Status(out FileStatus status) == Errno.None && (status.Mode & 0x400) != 0;
        InheritsAcl = folder.HasAttribute("system.posix_acl_default"u8);
    }

    public DirectoryHandle Folder { get; }

    public bool InheritsGroup { get; }

    public bool InheritsAcl { get; }

    /// <summary>
    /// In a directory that a run makes as the copy itself stands a file of this name until all is done. Without it a run with
    /// --resume after a killed one would take the half of a copy for a folder to put another copy into. Its form is that of
    /// a temporary file, so whoever removes those removes it too.
    /// </summary>
    public static ReadOnlySpan<byte> Marker => ".jumpbag-00000000-0.part"u8;

    /// <summary>The copy gets a name of its own in <see cref="Folder"/>, other than the source's.</summary>
    public bool IsNew => !newName.IsEmpty;

    /// <param name="path">As the person gave it.</param>
    /// <param name="sources">How many.</param>
    /// <param name="resumed">With --resume the first source.</param>
    public static Destination Resolve(ByteString path, int sources, Node? resumed)
    {
        if (path.IsEmpty)
            throw new UsageException("the destination is empty");
        Errno error = DirectoryHandle.Open(path, out DirectoryHandle? folder);
        if (error == Errno.None && !(sources == 1 && resumed is not null && IsBegunCopy(folder!, resumed)))
            return new(folder!, default);
        folder?.Dispose();
        if (error is not (Errno.None or Errno.NoEntry or Errno.NotDirectory))
            throw error.Failed(path.ToString());
        if (sources > 1)
            throw new UsageException($"{path}: several sources need a folder that is there", "make it with mkdir first");
        ReadOnlySpan<byte> trimmed = path.Span.TrimEnd((byte)'/');
        int slash = trimmed.LastIndexOf((byte)'/');
        ByteString name = new(trimmed[(slash + 1)..]);
        if (name.IsEmpty || name.Span.SequenceEqual("."u8) || name.Span.SequenceEqual(".."u8))
            throw new UsageException($"{path}: is to be gone on with, and must be given by its name");
        ByteString parent = slash < 0 ? ByteString.FromText(".") : slash == 0 ? ByteString.FromText("/") : new(trimmed[..slash]);
        DirectoryHandle.Open(parent, out folder).ThrowIfFailed(parent.ToString());
        return new(folder!, name);
    }

    /// <summary>A run that ended by itself, even early, gave it the original's time; one that was killed left the marker.</summary>
    private static bool IsBegunCopy(DirectoryHandle folder, Node source) => source.Type == FileType.Directory
        && (folder.Status(Marker, out _) == Errno.None
            || (folder.Status(out FileStatus status) == Errno.None && Completeness.IsSameTime(source.Modified, status.Modified)));

    /// <summary>
    /// The copy's name in <see cref="Folder"/>; empty where the contents of a directory go right into it, as those of "/",
    /// and of paths that end in "." or "..", do.
    /// </summary>
    public ByteString NameFor(ByteString source)
    {
        if (!newName.IsEmpty)
            return newName;
        ReadOnlySpan<byte> path = source.Span.TrimEnd((byte)'/');
        ReadOnlySpan<byte> last = path[(path.LastIndexOf((byte)'/') + 1)..];
        return last.IsEmpty || last.SequenceEqual("."u8) || last.SequenceEqual(".."u8) ? default : new(last);
    }
}
