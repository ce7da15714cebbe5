using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext;

/// <summary>A file of an ext2, ext3 or ext4 filesystem, with what leads to its content and attributes.</summary>
public sealed class ExtNode : Node
{
    public required ExtInodeFlags Flags { get; init; }

    /// <summary>i_block: 60 bytes of block map, extent tree, inline data, symbolic link or device number.</summary>
    public required byte[] Block { get; init; }

    /// <summary>The attributes within the inode, from their magic number on; empty where there are none.</summary>
    public required byte[] BodyAttributes { get; init; }

    /// <summary>The block of attributes, or 0.</summary>
    public required ulong AttributeBlock { get; init; }

    /// <summary>What the checksums of this inode's own blocks begin with.</summary>
    public required uint ChecksumSeed { get; init; }

    /// <summary>A symbolic link whose target stands in <see cref="Block"/>.</summary>
    public required bool IsFastLink { get; init; }

    public required uint Generation { get; init; }

    /// <summary>i_atime as it stands: an attribute's value in an inode of its own keeps its hash there.</summary>
    public required uint RawAccessed { get; init; }

    /// <summary>i_mtime as it stands: such an inode written by Lustre keeps its file's number there.</summary>
    public required uint RawModified { get; init; }

    public bool Has(ExtInodeFlags flag) => (Flags & flag) != 0;
}
