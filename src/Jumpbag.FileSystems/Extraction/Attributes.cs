using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// Gives a copy the attributes of its original, in the order in which one call does not undo another: owner (which clears
/// set-user-ID and capabilities), extended attributes (which a read-only mode would deny), mode, access control lists (which
/// hold the mode once more), times. What cannot be kept is counted by kind and reason.
/// </summary>
internal sealed class Attributes(Preserve preserve, Tally tally)
{
    private const int SetIds = 0xC00;

    private readonly uint user = ProcessIdentity.EffectiveUser, group = ProcessIdentity.EffectiveGroup;
    private readonly int umask = ProcessIdentity.Umask();

    public Preserve Preserve => preserve;

    /// <summary>Whether a file made by this process would have the right owner from the start.</summary>
    public bool IsOwn(Node node, bool inheritsGroup) =>
        !preserve.HasFlag(Preserve.Owner) || (node.Uid == user && node.Gid == group && !inheritsGroup);

    /// <summary>The mode that a file is made with. Where it is not yet the final one, nobody else can open it.</summary>
    public int CreationMode(Node node, bool final) => final ? node.Permissions & 0x1FF : 0x180;

    /// <summary>Whether making a file with its mode at once gives it exactly that.</summary>
    public bool IsPlainMode(Node node) =>
        !preserve.HasFlag(Preserve.Mode) || (node.Permissions & (0xE00 | umask)) == 0;

    /// <summary>Of an open file or directory, all but the mode where that is <paramref name="modeDone"/>.</summary>
    public void Apply(FileHandle file, Node node, IReadOnlyList<ExtendedAttribute> xattrs, bool own, bool modeDone, bool removeAcl)
    {
        int lostBits = own || SetOwner(node, file, default(Named)) ? 0 : SetIds;
        if (removeAcl)
            RemoveInherited(file, node);
        foreach (ExtendedAttribute xattr in xattrs)
            if (!IsAcl(xattr))
                Count(xattr, file.SetAttribute(xattr.Name.Span, xattr.Value.Span));
        if (preserve.HasFlag(Preserve.Mode) && !modeDone)
            CountMode(node, lostBits, file.SetMode(Mode(node, lostBits)));
        else if (!preserve.HasFlag(Preserve.Mode) && !modeDone)
            CountMode(node, 0, file.SetMode(node.Permissions & 0x1FF & ~umask));
        foreach (ExtendedAttribute xattr in xattrs)
            if (IsAcl(xattr))
                Count(xattr, file.SetAttribute(xattr.Name.Span, xattr.Value.Span));
        if (preserve.HasFlag(Preserve.Times))
            CountTimes(file.SetTimes(node.Accessed, node.Modified));
    }

    /// <summary>Of an entry that is not opened: a symbolic link, which has no mode, or a special file.</summary>
    public void Apply(DirectoryHandle directory, ReadOnlySpan<byte> name, Node node, IReadOnlyList<ExtendedAttribute> xattrs, bool own)
    {
        int lostBits = own || SetOwner(node, null, new(directory, name)) ? 0 : SetIds;
        foreach (ExtendedAttribute xattr in xattrs)
            if (!IsAcl(xattr))
                Count(xattr, directory.SetAttribute(name, xattr.Name.Span, xattr.Value.Span));
        if (node.Type != FileType.SymbolicLink && preserve.HasFlag(Preserve.Mode))
            CountMode(node, lostBits, directory.SetMode(name, Mode(node, lostBits)));
        foreach (ExtendedAttribute xattr in xattrs)
            if (IsAcl(xattr))
                Count(xattr, directory.SetAttribute(name, xattr.Name.Span, xattr.Value.Span));
        if (preserve.HasFlag(Preserve.Times))
            CountTimes(directory.SetTimes(name, node.Accessed, node.Modified));
    }

    private readonly ref struct Named(DirectoryHandle directory, ReadOnlySpan<byte> name)
    {
        private readonly ReadOnlySpan<byte> name = name;

        public Errno SetOwner(uint uid, uint gid) => directory.SetOwner(name, uid, gid);
    }

    /// <summary>False where the owner or group is another one afterwards; the group alone is tried too, as cp(1) does.</summary>
    private bool SetOwner(Node node, FileHandle? file, Named entry)
    {
        Errno error = file is null ? entry.SetOwner(node.Uid, node.Gid) : file.SetOwner(node.Uid, node.Gid);
        if (error == Errno.None)
            return true;
        if (node.Gid != group)
            _ = file is null ? entry.SetOwner(uint.MaxValue, node.Gid) : file.SetOwner(uint.MaxValue, node.Gid);
        tally.Lose("owner", user == 0 ? error.Describe() : "only root can give files away");
        return false;
    }

    private void RemoveInherited(FileHandle file, Node node)
    {
        _ = file.RemoveAttribute("system.posix_acl_access"u8);
        if (node.Type == FileType.Directory)
            _ = file.RemoveAttribute("system.posix_acl_default"u8);
    }

    /// <summary>A file that has another's owner must not run as that one: as in cp(1), set-user-ID and set-group-ID go with the owner.</summary>
    private static int Mode(Node node, int lostBits) => node.Permissions & ~(node.Type == FileType.Directory ? 0 : lostBits);

    private void CountMode(Node node, int lostBits, Errno error)
    {
        if (error != Errno.None)
            tally.Lose("mode", error.Describe());
        else if (node.Type != FileType.Directory && (node.Permissions & lostBits) != 0)
            tally.Lose("set-user-ID or set-group-ID bit", "the owner is another one");
    }

    private void CountTimes(Errno error)
    {
        if (error != Errno.None)
            tally.Lose("times", error.Describe());
    }

    /// <summary>
    /// ENOSPC here mostly means that it does not fit beside the inode, not that the disk is full; the next write tells
    /// which. So it is counted like any other reason.
    /// </summary>
    private void Count(in ExtendedAttribute xattr, Errno error)
    {
        if (error == Errno.None)
            return;
        ReadOnlySpan<byte> name = xattr.Name.Span;
        int dot = name.IndexOf((byte)'.');
        string kind = IsAcl(xattr) ? "access control list"
            : name.SequenceEqual("security.capability"u8) ? "capabilities"
            : $"extended attribute {new ByteString(name[..(dot < 0 ? name.Length : dot)])}.*";
        tally.Lose(kind, error == Errno.NoSpace ? "the destination has no room for it beside the file" : error.Describe());
    }

    private static bool IsAcl(in ExtendedAttribute xattr) => xattr.Name.Span.StartsWith("system.posix_acl_"u8);
}
