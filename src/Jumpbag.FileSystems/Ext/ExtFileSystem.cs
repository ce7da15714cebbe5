using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using Jumpbag.FileSystems.Ext.Journal;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext;

/// <summary>An ext2, ext3 or ext4 filesystem.</summary>
public sealed class ExtFileSystem : FileSystem
{
    private const ulong Root = 2;

    private readonly ExtGroups groups;
    private readonly ExtInodes inodes;
    private readonly ExtAttributes attributes;
    private readonly ExtContent content;
    private readonly ExtDirectory directories;
    private readonly ExtAttributeInodes attributeInodes;
    private readonly Lazy<ExtUsage> usage;
    private readonly string opened;
    private readonly List<string> warnings;

    private ExtFileSystem(BlockDevice device, ExtSuperblock superblock, string opened, List<string> warnings, bool hasErrors = false,
        ExtOverrides? overrides = null)
    {
        Device = device;
        Superblock = superblock;
        this.opened = opened;
        this.warnings = warnings;
        HasErrors = hasErrors || (superblock.State & 2) != 0;
        var cache = new ExtMetadataCache(device, superblock.BlockSize);
        groups = new(superblock, cache);
        inodes = new(superblock, groups, cache, overrides);
        attributes = new(superblock, cache);
        content = new(superblock, new(superblock, cache), new(superblock, cache), attributes, overrides);
        directories = new(superblock, cache, content, attributes, overrides);
        attributeInodes = new(superblock, inodes, this);
        usage = new(() => ExtUsage.Count(superblock, groups, JournalBytes()));
    }

    public ExtSuperblock Superblock { get; }

    /// <summary>Whether the superblock, before or after the replay, or the journal says that errors were found.</summary>
    internal bool HasErrors { get; }

    public override BlockDevice Device { get; }

    public override ulong RootInode => Root;

    public override string Format => ExtFormat.Name(Superblock);

    public override FileSystemSummary Summary
    {
        get
        {
            long blockSize = Superblock.BlockSize;
            ExtUsage used = usage.Value;
            return new()
            {
                Label = Superblock.VolumeName.Length == 0 ? null : Superblock.VolumeName,
                Uuid = Superblock.Uuid,
                BlockSize = Superblock.BlockSize,
                Size = Superblock.Bytes,
                Capacity = (long)used.CapacityBlocks * blockSize,
                Free = (long)used.FreeBlocks * blockSize,
                Available = (long)used.AvailableBlocks * blockSize,
                Inodes = Superblock.InodesCount,
                FreeInodes = (long)used.FreeInodes,
                State = ExtFormat.State(Superblock, HasErrors),
                Opened = opened,
                Warnings = [.. warnings, .. groups.Warnings],
            };
        }
    }

    /// <exception cref="CorruptException">There is no usable superblock.</exception>
    /// <exception cref="UnsupportedException">It has features that are not known, which are named.</exception>
    public static ExtFileSystem Open(BlockDevice device, ExtOpenOptions options) =>
        TryOpen(device, options) ?? throw new CorruptException("no ext2, ext3 or ext4 superblock");

    /// <summary>Null where the device holds no such filesystem.</summary>
    /// <inheritdoc cref="Open"/>
    public static ExtFileSystem? TryOpen(BlockDevice device, ExtOpenOptions options)
    {
        if (ExtSuperblockSearch.Find(device) is not var (superblock, warning))
            return null;
        if (superblock.Has(ExtIncompat.JournalDevice))
            return null;
        ExtFormat.RequireKnown(superblock);
        List<string> warnings = warning == null ? [] : [warning];
        if (device.Length < superblock.Bytes)
            warnings.Add($"the device is {device.Length} bytes long, the filesystem {superblock.Bytes}: what lies behind cannot be read");
        var raw = new ExtFileSystem(device, superblock, "", warnings);
        ExtRecovery recovery = ExtRecovery.Run(raw, options);
        if (recovery.Device != device)
        {
            // The journal may hold a newer superblock.
            (superblock, warning) = ExtSuperblockSearch.Find(recovery.Device) ?? (superblock, warning);
            ExtFormat.RequireKnown(superblock);
        }
        ExtFileSystem With(ExtOverrides? overrides) => new(recovery.Device, superblock, recovery.Opened,
            [.. warnings, .. recovery.Warnings], recovery.HasError || raw.HasErrors, overrides);
        ExtOverrides? fastCommits = recovery.ReplayFastCommits(With(null));
        return With(fastCommits);
    }

    public override Node GetNode(ulong inode, DamageSink damage) => inodes.Get(inode, damage);

    public override IEnumerable<DirectoryEntry> List(Node directory, DamageSink damage) => directories.Entries(Directory(directory), damage);

    public override DirectoryEntry? Lookup(Node directory, ByteString name, DamageSink damage)
    {
        ExtNode node = Directory(directory);
        bool folds = node.Has(ExtInodeFlags.CaseFold) && Superblock.Has(ExtIncompat.CaseFold);
        DirectoryEntry? folded = null;
        foreach (DirectoryEntry entry in directories.Entries(node, damage))
        {
            if (entry.Name == name)
                return entry;
            if (folds && folded == null && ExtCaseFold.Equal(entry.Name, name))
                folded = entry;
        }
        return folded;
    }

    public override IEnumerable<FileExtent> Extents(Node file, long offset, DamageSink damage)
    {
        var node = (ExtNode)file;
        if (node.Has(ExtInodeFlags.Encrypted) && node.Type == FileType.Regular)
            throw new UnsupportedException($"inode {node.Inode}: its content is encrypted", "mount it with the kernel and add the key (fscrypt)");
        if (node.Has(ExtInodeFlags.CompressedBlocks))
            throw new UnsupportedException($"inode {node.Inode}: its content is compressed (e2compr)");
        if (node.Type is not (FileType.Regular or FileType.Directory or FileType.SymbolicLink) || node.IsFastLink)
            return [];
        return content.Extents(node, offset, damage);
    }

    public override ByteString ReadLink(Node link, DamageSink damage)
    {
        var node = (ExtNode)link;
        if (node.Type != FileType.SymbolicLink)
            throw new NotFoundException($"inode {node.Inode} is no symbolic link");
        if (node.Has(ExtInodeFlags.Encrypted))
            throw new UnsupportedException($"inode {node.Inode}: its target is encrypted", "mount it with the kernel and add the key (fscrypt)");
        // The kernel puts a target into one block, its end marked with a zero byte.
        if (node.Size == 0 || node.Size >= Superblock.BlockSize || (node.IsFastLink && node.Size >= ExtInode.BlockLength))
            throw new CorruptException($"inode {node.Inode}: a symbolic link of {node.Size} bytes");
        if (node.IsFastLink)
            return new(node.Block.AsSpan(0, (int)node.Size));
        var target = new byte[node.Size];
        Read(node, 0, target, damage);
        return ByteString.Own(target);
    }

    public override IReadOnlyList<ExtendedAttribute> ExtendedAttributes(Node node, DamageSink damage) =>
        attributes.List((ExtNode)node, attributeInodes.Read, damage);

    /// <summary>An inode whether or not it is in use: the journal, the orphan file.</summary>
    internal ExtNode ReadInode(ulong inode, DamageSink damage) => inodes.Read(inode, damage);

    /// <summary>The bytes of an inode as they stand in the table.</summary>
    internal ReadOnlyMemory<byte> RawInode(ulong inode) => inodes.Raw(inode);

    private static ExtNode Directory(Node node) => node.Type == FileType.Directory
        ? (ExtNode)node : throw new NotFoundException($"inode {node.Inode} is not a directory");

    private long JournalBytes()
    {
        if (!Superblock.Has(ExtCompat.HasJournal) || Superblock.JournalInode == 0)
            return 0;
        try
        {
            return ReadInode(Superblock.JournalInode, _ => { }).Size;
        }
        catch (Exception e) when (e is CorruptException or UnreadableException)
        {
            return 0;
        }
    }
}
