using System.Collections.Concurrent;
using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext;

/// <summary>Finds inodes in the inode tables and makes them out.</summary>
internal sealed class ExtInodes(ExtSuperblock superblock, ExtGroups groups, ExtMetadataCache cache, ExtOverrides? overrides)
{
    private const int MaxKeptAttributeStrings = 1024;

    /// <summary>lsattr's letters in its order, for the flags that the kernel shows.</summary>
    private static readonly (uint Flag, char Letter)[] Letters =
    [
        (0x1, 's'), (0x2, 'u'), (0x8, 'S'), (0x1_0000, 'D'), (0x10, 'i'), (0x20, 'a'), (0x40, 'd'), (0x80, 'A'), (0x4, 'c'),
        (0x200, 'B'), (0x100, 'Z'), (0x400, 'm'), (0x800, 'E'), (0x1000, 'I'), (0x4000, 'j'), (0x8000, 't'), (0x2_0000, 'T'),
        (0x8_0000, 'e'), (0x200_0000, 'x'), (0x4000_0000, 'F'), (0x1000_0000, 'N'), (0x2000_0000, 'P'), (0x10_0000, 'V'),
    ];

    private readonly ConcurrentDictionary<uint, string> attributeStrings = new();

    /// <summary>
    /// The bytes of an inode, s_inode_size of them: the one place where inode tables are read.
    /// </summary>
    /// <exception cref="CorruptException">There can be no such inode.</exception>
    public ReadOnlyMemory<byte> Raw(ulong inode)
    {
        if (inode == 0 || inode > superblock.InodesCount)
            throw new CorruptException($"inode {inode}: the filesystem has inodes 1 to {superblock.InodesCount}");
        if (overrides?.Inode(inode) is { } replaced)
            return replaced;
        uint index = (uint)(inode - 1);
        ExtGroupDescriptor group = groups[index / superblock.InodesPerGroup];
        long offset = checked((long)group.InodeTable * superblock.BlockSize
            + (long)(index % superblock.InodesPerGroup) * superblock.InodeSize);
        return cache.Bytes(offset, superblock.InodeSize);
    }

    /// <exception cref="NotFoundException">It is not in use.</exception>
    public ExtNode Get(ulong inode, DamageSink damage)
    {
        ExtNode node = Read(inode, damage);
        if (node.Links == 0 || node.Type == FileType.Unknown && node.Permissions == 0)
            throw new NotFoundException($"inode {inode} is not in use");
        return node;
    }

    /// <summary>Whatever stands in the table, in use or not.</summary>
    public ExtNode Read(ulong inode, DamageSink damage)
    {
        ExtInode raw = ExtInode.Parse(Raw(inode).Span);
        if (superblock.HasMetadataChecksums && superblock.CreatorOs == 0 && !IsZero(raw) && overrides?.Inode(inode) == null
            && !raw.ChecksumMatches(superblock.ChecksumSeed, (uint)inode))
            damage(new($"inode {inode}: checksum does not match"));
        if (!raw.ExtraSizeIsValid)
            damage(new($"inode {inode}: i_extra_isize is {raw.ExtraSize}, which cannot be; attributes within the inode are not read"));
        return Make(inode, raw);
    }

    private ExtNode Make(ulong inode, ExtInode raw)
    {
        ExtInodeFlags flags = raw.Flags;
        FileType type = TypeOf(raw.Mode);
        long size = SizeOf(inode, raw, type);
        ulong blocks = raw.BlocksLow;
        if (superblock.Has(ExtRoCompat.HugeFile))
            blocks |= (ulong)raw.BlocksHigh << 32;
        ulong attributeBlock = raw.FileAclLow;
        if (superblock.Has(ExtIncompat.Bits64))
            attributeBlock |= (ulong)raw.FileAclHigh << 32;
        bool inUnits = superblock.Has(ExtRoCompat.HugeFile) && (flags & ExtInodeFlags.HugeFile) != 0;
        long allocated = (long)blocks * (inUnits ? superblock.BlockSize : 512);
        long attributeBytes = attributeBlock == 0 ? 0 : (long)superblock.BlockSize * superblock.ClusterBlocks;
        (uint major, uint minor) = type is FileType.CharacterDevice or FileType.BlockDevice ? Device(raw.Block) : (0, 0);
        return new()
        {
            Inode = inode,
            Type = type,
            Permissions = raw.Mode & 0xFFF,
            Uid = raw.Uid,
            Gid = raw.Gid,
            Size = size,
            // As stat(2) has it: the kernel counts the bytes of an inline file as sectors.
            Allocated = type == FileType.Regular && (flags & ExtInodeFlags.InlineData) != 0 ? allocated + ((size + 511) & ~511L) : allocated,
            Links = raw.Links,
            Accessed = raw.Accessed,
            Modified = raw.Modified,
            Changed = raw.Changed,
            Born = raw.Born,
            Project = superblock.Has(ExtRoCompat.Project) ? raw.Project : 0,
            DeviceMajor = major,
            DeviceMinor = minor,
            Attributes = AttributeString((uint)flags),
            Flags = flags,
            Block = raw.Block.ToArray(),
            BodyAttributes = raw.BodyAttributes.ToArray(),
            AttributeBlock = attributeBlock,
            ChecksumSeed = ExtInode.ChecksumSeed(superblock.ChecksumSeed, (uint)inode, raw.Generation),
            IsFastLink = type == FileType.SymbolicLink && (flags & ExtInodeFlags.InlineData) == 0
                && ((flags & ExtInodeFlags.EaInode) != 0 ? size < ExtInode.BlockLength : allocated == attributeBytes),
            Generation = raw.Generation,
            RawAccessed = raw.AccessedSeconds,
            RawModified = raw.ModifiedSeconds,
        };
    }

    /// <summary>i_size_high is the size's upper half for regular files, and for directories with large_dir; elsewhere it had another use.</summary>
    private long SizeOf(ulong inode, ExtInode raw, FileType type)
    {
        bool wide = type == FileType.Regular || superblock.Has(ExtIncompat.LargeDir);
        ulong size = raw.SizeLow | (wide ? (ulong)raw.SizeHigh << 32 : 0);
        return size <= long.MaxValue ? (long)size : throw new CorruptException($"inode {inode}: its size is {size} bytes");
    }

    /// <summary>An old number is in the first word; a new one, with more bits, in the second, the first being 0.</summary>
    private static (uint Major, uint Minor) Device(ReadOnlySpan<byte> block)
    {
        uint old = ReadUInt32LittleEndian(block);
        if (old != 0)
            return ((old >> 8) & 0xFF, old & 0xFF);
        uint wide = ReadUInt32LittleEndian(block[4..]);
        return ((wide >> 8) & 0xFFF, (wide & 0xFF) | ((wide >> 12) & 0xFFF00));
    }

    private static bool IsZero(ExtInode raw) => raw.Mode == 0 && raw.Links == 0;

    public static FileType TypeOf(ushort mode) => (mode >> 12) switch
    {
        0x1 => FileType.Fifo,
        0x2 => FileType.CharacterDevice,
        0x4 => FileType.Directory,
        0x6 => FileType.BlockDevice,
        0x8 => FileType.Regular,
        0xA => FileType.SymbolicLink,
        0xC => FileType.Socket,
        _ => FileType.Unknown,
    };

    /// <summary>Almost all files share a few combinations.</summary>
    private string AttributeString(uint flags)
    {
        if (attributeStrings.TryGetValue(flags, out string? known))
            return known;
        string text = string.Concat(Letters.Where(l => (flags & l.Flag) != 0).Select(l => l.Letter));
        if (attributeStrings.Count < MaxKeptAttributeStrings)
            attributeStrings.TryAdd(flags, text);
        return text;
    }
}
