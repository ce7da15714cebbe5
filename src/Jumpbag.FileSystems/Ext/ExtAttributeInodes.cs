using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext;

/// <summary>Values of attributes that are the content of inodes of their own (the feature ea_inode).</summary>
internal sealed class ExtAttributeInodes(ExtSuperblock superblock, ExtInodes inodes, ExtFileSystem fileSystem)
{
    /// <summary>Null where it cannot be had, which is reported; a hash that does not match is reported too.</summary>
    public byte[]? Read(ExtNode owner, in ExtAttributeEntry entry, ReadOnlySpan<byte> name, ByteString fullName, DamageSink damage)
    {
        try
        {
            ExtNode node = inodes.Get(entry.ValueInode, damage);
            if (node.Type != FileType.Regular || !node.Has(ExtInodeFlags.EaInode) || node.Size != entry.ValueSize)
            {
                damage(new($"attribute {fullName}: inode {node.Inode} is not its value of {entry.ValueSize} bytes"));
                return null;
            }
            var value = new byte[entry.ValueSize];
            fileSystem.Read(node, 0, value, damage);
            if (!HashMatches(owner, node, entry, name, value))
                damage(new($"attribute {fullName}: its value in inode {node.Inode} does not match its hash"));
            return value;
        }
        catch (JumpbagException e)
        {
            damage(new($"attribute {fullName}: {e.Message}"));
            return null;
        }
    }

    /// <summary>The inode keeps its value's CRC-32C in place of its access time. Lustre's older ones keep their owner instead, and no hash.</summary>
    private bool HashMatches(ExtNode owner, ExtNode node, in ExtAttributeEntry entry, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Checksums.Crc32C(superblock.ChecksumSeed, value) != node.RawAccessed)
            return node.RawModified == (uint)owner.Inode && node.Generation == owner.Generation;
        return entry.Hash == 0 || entry.Hash == EntryHash(name, node.RawAccessed, signed: false)
            || entry.Hash == EntryHash(name, node.RawAccessed, signed: true);
    }

    /// <summary>The hash of an attribute's name and one word of its value, as the kernel's ext4_xattr_hash_entry (once with signed characters, by mistake).</summary>
    private static uint EntryHash(ReadOnlySpan<byte> name, uint valueWord, bool signed)
    {
        uint hash = 0;
        foreach (byte b in name)
            hash = uint.RotateLeft(hash, 5) ^ (signed ? (uint)(sbyte)b : b);
        return uint.RotateLeft(hash, 16) ^ valueWord;
    }
}
