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

    public static Destination Resolve(ByteString path, int sources)
    {
        Errno error = DirectoryHandle.Open(path, out DirectoryHandle? folder);
        if (error == Errno.None)
            return new(folder!, default);
        if (error is not (Errno.NoEntry or Errno.NotDirectory))
            throw error.Failed(path.ToString());
        if (sources > 1)
            throw new UsageException($"{path}: several sources need a folder that is there", "make it with mkdir first");
        ReadOnlySpan<byte> trimmed = path.Span.TrimEnd((byte)'/');
        int slash = trimmed.LastIndexOf((byte)'/');
        ByteString parent = slash < 0 ? ByteString.FromText(".") : slash == 0 ? ByteString.FromText("/") : new(trimmed[..slash]);
        DirectoryHandle.Open(parent, out folder).ThrowIfFailed(parent.ToString());
        return new(folder!, new(trimmed[(slash + 1)..]));
    }

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
