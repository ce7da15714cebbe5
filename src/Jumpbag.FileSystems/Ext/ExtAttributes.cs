using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// Extended attributes: in the inode's body, in a block (that several inodes may share), their values there or in inodes of
/// their own.
/// </summary>
internal sealed class ExtAttributes(ExtSuperblock superblock, ExtMetadataCache cache)
{
    /// <summary>A value can be no longer than this for Linux.</summary>
    private const int MaxValue = 65536;

    /// <summary>Of all values of one inode: far more than any program makes, and little enough for memory.</summary>
    private const int MaxTotal = 16 << 20;

    private const byte AclAccess = 2, AclDefault = 3, System = 7;

    /// <summary>What stands for a name's beginning; null: for the kernel's own use.</summary>
    private static readonly byte[]?[] Prefixes =
    [
        null, "user."u8.ToArray(), "system.posix_acl_access"u8.ToArray(), "system.posix_acl_default"u8.ToArray(),
        "trusted."u8.ToArray(), null, "security."u8.ToArray(), null, null, null, "gnu."u8.ToArray(),
    ];

    private delegate bool Visitor(in ExtAttributeEntry entry, ReadOnlySpan<byte> name, ReadOnlyMemory<byte> value);

    /// <summary>What getxattr(2) and listxattr(2) show, in their order.</summary>
    /// <param name="node">The file.</param>
    /// <param name="readInode">Reads a value that is the content of an inode of its own.</param>
    /// <param name="damage">What is left out or not to be trusted.</param>
    public IReadOnlyList<ExtendedAttribute> List(ExtNode node, ValueReader readInode, DamageSink damage)
    {
        if (node.BodyAttributes.Length == 0 && node.AttributeBlock == 0)
            return [];
        var result = new List<ExtendedAttribute>();
        long total = 0;
        Visit(node, damage, (in ExtAttributeEntry entry, ReadOnlySpan<byte> name, ReadOnlyMemory<byte> value) =>
        {
            if (entry.NameIndex >= Prefixes.Length || Prefixes[entry.NameIndex] is not { } prefix)
                return true;
            ByteString full = ByteString.Own([.. prefix, .. name]);
            if (entry.ValueSize > MaxValue || (total += entry.ValueSize) > MaxTotal)
            {
                damage(new($"attribute {full}: its value claims {entry.ValueSize} bytes"));
                return true;
            }
            byte[]? bytes = entry.ValueInode != 0 ? readInode(node, entry, name, full, damage) : value.ToArray();
            if (bytes != null && entry.NameIndex is AclAccess or AclDefault)
            {
                bytes = ExtAcl.ToXattr(bytes);
                if (bytes == null)
                    damage(new($"attribute {full}: no access control list"));
            }
            if (bytes != null)
                result.Add(new(full, bytes));
            return true;
        });
        return result;
    }

    /// <summary>The content of a value's own inode, or null where it was reported.</summary>
    public delegate byte[]? ValueReader(
        ExtNode owner, in ExtAttributeEntry entry, ReadOnlySpan<byte> name, ByteString fullName, DamageSink damage);

    /// <summary>Content kept within the inode: the 60 bytes of i_block, then the value of "system.data".</summary>
    public ReadOnlyMemory<byte> InlineData(ExtNode node, DamageSink damage)
    {
        ReadOnlyMemory<byte> rest = default;
        VisitBody(node, damage, (in ExtAttributeEntry entry, ReadOnlySpan<byte> name, ReadOnlyMemory<byte> value) =>
        {
            if (entry.NameIndex != System || !name.SequenceEqual("data"u8))
                return true;
            rest = value;
            return false;
        });
        if (rest.IsEmpty)
            return node.Block;
        var all = new byte[node.Block.Length + rest.Length];
        node.Block.CopyTo(all, 0);
        rest.CopyTo(all.AsMemory(node.Block.Length));
        return all;
    }

    private void Visit(ExtNode node, DamageSink damage, Visitor visit)
    {
        VisitBody(node, damage, visit);
        if (node.AttributeBlock == 0)
            return;
        ulong number = node.AttributeBlock;
        if (number >= superblock.BlocksCount)
        {
            damage(new($"attributes: in block {number} of {superblock.BlocksCount}"));
            return;
        }
        ReadOnlyMemory<byte> block;
        try
        {
            block = cache.Block(number);
        }
        catch (UnreadableException e)
        {
            damage(new($"attributes: block {number}: {e.Reason}"));
            return;
        }
        if (ReadUInt32LittleEndian(block.Span) is var magic && magic != ExtAttributeEntry.Magic)
        {
            damage(new($"attributes: block {number}: magic is 0x{magic:x8}, not 0x{ExtAttributeEntry.Magic:x8}"));
            return;
        }
        if (superblock.HasMetadataChecksums && !ExtAttributeEntry.BlockChecksumMatches(block.Span, number, superblock.ChecksumSeed))
            damage(new($"attributes: block {number}: checksum does not match"));
        Walk(block, ExtAttributeEntry.BlockHeaderSize, 0, damage, visit);
    }

    private static void VisitBody(ExtNode node, DamageSink damage, Visitor visit)
    {
        const int header = 4;
        if (node.BodyAttributes.Length > header)
            Walk(node.BodyAttributes, header, header, damage, visit);
    }

    /// <param name="area">The inode's body from the magic number on, or a block.</param>
    /// <param name="at">The first entry.</param>
    /// <param name="valueBase">What e_value_offs counts from.</param>
    /// <param name="damage">What ends the walk before the list's end.</param>
    /// <param name="visit">Says whether to go on.</param>
    private static void Walk(ReadOnlyMemory<byte> area, int at, int valueBase, DamageSink damage, Visitor visit)
    {
        while (true)
        {
            ReadOnlySpan<byte> rest = area.Span[Math.Min(at, area.Length)..];
            if (rest.Length < 4)
            {
                damage(new("attributes: the list does not end"));
                return;
            }
            if (ReadUInt32LittleEndian(rest) == 0)
                return;
            if (rest.Length < ExtAttributeEntry.Size)
            {
                damage(new("attributes: an entry reaches past the end"));
                return;
            }
            ExtAttributeEntry entry = ExtAttributeEntry.Parse(rest);
            if (ExtAttributeEntry.Size + entry.NameLength > rest.Length)
            {
                damage(new("attributes: a name reaches past the end"));
                return;
            }
            ReadOnlySpan<byte> name = rest.Slice(ExtAttributeEntry.Size, entry.NameLength);
            ReadOnlyMemory<byte> value = default;
            bool good = true;
            if (entry.ValueInode == 0 && entry.ValueSize > 0)
            {
                long start = valueBase + (long)entry.ValueOffset;
                good = start + entry.ValueSize <= area.Length;
                if (good)
                    value = area.Slice((int)start, (int)entry.ValueSize);
                else
                    damage(new($"attribute …{new ByteString(name)}: its value reaches past the end"));
            }
            if (good && !visit(entry, name, value))
                return;
            at += entry.Stride;
        }
    }
}
