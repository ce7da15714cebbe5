using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>Where the copies go, by cp(1)'s rules: into a folder that is there, or under a new name in its parent.</summary>
internal sealed class Destination
{
    private const int MostNamesCompared = 4096;

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

    /// <summary>The folder was taken for a begun copy by what is in it.</summary>
    public bool IsGuessed { get; private init; }

    /// <summary>The copy gets a name of its own in <see cref="Folder"/>, other than the source's.</summary>
    public bool IsNew => !newName.IsEmpty;

    /// <param name="path">As the person gave it.</param>
    /// <param name="sources">How many.</param>
    /// <param name="resumed">With --resume the first source.</param>
    public static Destination Resolve(ByteString path, int sources, TreeStart? resumed)
    {
        if (path.IsEmpty)
            throw new UsageException("the destination is empty");
        Errno error = DirectoryHandle.Open(path, out DirectoryHandle? folder);
        BegunCopy begun = error == Errno.None && sources == 1 && resumed is { Node.Node.Type: FileType.Directory } source ? IsBegunCopy(folder!, source) : default;
        if (error == Errno.None && begun == BegunCopy.No)
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
        return new(folder!, name) { IsGuessed = begun == BegunCopy.Likely };
    }

    /// <summary>
    /// Whether a folder is the copy that a first run began. One that ended by itself, even early, gave it the original's time;
    /// one that was killed left the marker. Where a person changed the folder since, what is in it tells: it only receives
    /// the copy where there is a folder of the original's name in it, and else is the copy where most names in it are those
    /// of complete copies of what the original holds.
    /// </summary>
    private static BegunCopy IsBegunCopy(DirectoryHandle folder, in TreeStart source)
    {
        if (folder.Status(Marker, out _) == Errno.None
            || (folder.Status(out FileStatus status) == Errno.None && Completeness.IsSameTime(source.Node.Node.Modified, status.Modified)))
            return BegunCopy.Surely;
        ReadOnlySpan<byte> path = source.Path.Span.TrimEnd((byte)'/');
        ByteString name = new(path[(path.LastIndexOf((byte)'/') + 1)..]);
        if (!name.IsEmpty && folder.Status(name.Span, out status) == Errno.None && status.IsDirectory && Find(source, name) is not { Type: FileType.Directory })
            return BegunCopy.No;
        int same = 0, other = 0;
        foreach (ByteString entry in folder.Names().Where(entry => !entry.Span.StartsWith(".jumpbag-"u8)).Take(MostNamesCompared))
            if (folder.Status(entry.Span, out status) == Errno.None && Find(source, entry) is { } original && Completeness.IsComplete(original, status, byTime: true))
                same++;
            else
                other++;
        return same > other ? BegunCopy.Likely : BegunCopy.No;
    }

    /// <summary>What the original holds of that name; null too where it cannot be read.</summary>
    private static Node? Find(in TreeStart directory, ByteString name)
    {
        try
        {
            return directory.Node.FileSystem.Lookup(directory.Node.Node, name, static _ => { }) is { } entry
                ? directory.Tree.Open(directory.Node, entry, static _ => { }).Node : null;
        }
        catch (JumpbagException)
        {
            return null;
        }
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

    private enum BegunCopy
    {
        No,
        Likely,
        Surely,
    }
}
