using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.Host;

namespace Jumpbag.Backup.Sources;

/// <summary>A folder of this machine. Everything is done from its descriptor on, by names of its own entries and without following links: whoever swaps a path for a link meanwhile leads nowhere.</summary>
internal sealed class LiveFolder(DirectoryHandle handle, ByteString path) : SourceFolder
{
    public override ByteString Path => path;

    /// <summary>One that a person named: links in the path are followed.</summary>
    public static string? Open(ByteString path, ByteString shown, out LiveFolder? folder)
    {
        Errno error = DirectoryHandle.Open(path, out DirectoryHandle? handle);
        folder = handle is null ? null : new(handle, shown);
        return Why(error);
    }

    public override string? ReadNames(List<ByteString> names) => Why(handle.ReadNames(names));

    public override string? Look(ByteString name, out SourceFile file)
    {
        Errno error = handle.Status(name.Span, out FileStatus status);
        file = error == Errno.None ? Describe(status) : default;
        return Why(error);
    }

    public override string? Complete(ByteString name, ref SourceFile file, Action<string> unread)
    {
        ByteString target = default;
        Errno error = file.Type == FileType.SymbolicLink ? handle.ReadLink(name.Span, out target) : Errno.None;
        if (error != Errno.None)
            return Why(error);
        var attributes = new List<(ByteString Name, byte[] Value)>();
        error = handle.ReadAttributes(name.Span, attributes, Unread(unread));
        file = file with { Target = target, Xattrs = Attributes(attributes) };
        return Why(error);
    }

    public override string? OpenFolder(ByteString name, out SourceFolder? folder)
    {
        Errno error = handle.OpenDirectory(name.Span, out DirectoryHandle? opened);
        folder = opened is null ? null : new LiveFolder(opened, path.Join(name));
        return Why(error);
    }

    public override string? OpenFile(ByteString name, out SourceContent? content)
    {
        Errno error = handle.OpenToRead(name.Span, out FileHandle? file);
        content = file is null ? null : new LiveContent(file);
        return Why(error);
    }

    protected override void Close() => handle.Dispose();

    internal static string? Why(Errno error) => error == Errno.None ? null : error.Describe();

    internal static Action<ByteString, Errno> Unread(Action<string> unread) => (name, error) => unread($"its attribute {name} cannot be read: {error.Describe()}");

    internal static IReadOnlyList<ExtendedAttribute> Attributes(List<(ByteString Name, byte[] Value)> attributes) =>
        attributes.Count == 0 ? [] : attributes.ConvertAll(attribute => new ExtendedAttribute(attribute.Name, attribute.Value));

    internal static SourceFile Describe(in FileStatus status) => new()
    {
        Type = (status.Mode & 0xF000) switch
        {
            0x8000 => FileType.Regular,
            0x4000 => FileType.Directory,
            0xA000 => FileType.SymbolicLink,
            0x2000 => FileType.CharacterDevice,
            0x6000 => FileType.BlockDevice,
            0x1000 => FileType.Fifo,
            0xC000 => FileType.Socket,
            _ => FileType.Unknown,
        },
        Permissions = status.Mode & 0xFFF,
        Uid = status.Uid,
        Gid = status.Gid,
        Inode = status.Inode,
        Device = status.DeviceId,
        Size = status.Size,
        Links = status.Links,
        Modified = status.Modified,
        Changed = status.Changed,
        DeviceNumber = status.DeviceNumber,
        Xattrs = [],
    };

    private sealed class LiveContent(FileHandle file) : SourceContent
    {
        public override string? Status(out SourceFile description, Action<string> unread)
        {
            Errno error = file.Status(out FileStatus status);
            description = default;
            if (error != Errno.None)
                return Why(error);
            var attributes = new List<(ByteString Name, byte[] Value)>();
            error = file.ReadAttributes(attributes, Unread(unread));
            description = Describe(status) with { Xattrs = Attributes(attributes) };
            return Why(error);
        }

        public override string? Read(Span<byte> destination, long offset, out int count) => Why(file.Read(destination, offset, out count));

        public override void Dispose() => file.Dispose();
    }
}
