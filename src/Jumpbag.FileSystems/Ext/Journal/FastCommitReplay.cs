using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using Jumpbag.FileSystems.Ext.Journal.Format;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// Applies fast commits as the kernel does (<c>ext4_fc_replay</c>), but to a table of what differs from the disk instead of
/// to the disk. Each record can be applied any number of times: what is already so stays so.
/// </summary>
internal sealed class FastCommitReplay
{
    /// <summary>Of changed inodes in memory.</summary>
    private const long MaxInodeBytes = 16 * 1024 * 1024;

    private readonly ExtFileSystem fileSystem;
    private readonly ExtSuperblock superblock;
    private readonly FastCommitScan scan;
    private readonly FastCommitNames names;
    private readonly ExtOverrides overrides = new();
    private long inodeBytes;

    private FastCommitReplay(ExtFileSystem fileSystem, FastCommitScan scan)
    {
        this.fileSystem = fileSystem;
        this.scan = scan;
        superblock = fileSystem.Superblock;
        names = FastCommitNames.Read(fileSystem, scan);
    }

    private delegate void TagAction(FastCommitTag tag);

    /// <param name="fileSystem">As the transactions of the log leave it.</param>
    /// <exception cref="CorruptException">A record cannot be applied; the kernel gives up there.</exception>
    /// <exception cref="UnreadableException">What it changes cannot be read.</exception>
    /// <exception cref="UnsupportedException">They change more than memory is meant for.</exception>
    public static ExtOverrides Run(ExtFileSystem fileSystem, FastCommitScan scan)
    {
        var replay = new FastCommitReplay(fileSystem, scan);
        ForEach(scan, fileSystem.Superblock, replay.Apply);
        return replay.overrides;
    }

    public static void ForEachName(FastCommitScan scan, ExtSuperblock superblock, Action<uint, ByteString> action) =>
        ForEach(scan, superblock, tag =>
        {
            if (tag.Type is FastCommitTagType.Create or FastCommitTagType.Link or FastCommitTagType.Unlink)
                action(tag.First, new ByteString(tag.BehindSecond));
        });

    private static void ForEach(FastCommitScan scan, ExtSuperblock superblock, TagAction action)
    {
        int left = scan.Tags;
        for (int start = 0; start < scan.Blocks.Length; start += scan.BlockSize)
        {
            ReadOnlySpan<byte> block = scan.Blocks.AsSpan(start, scan.BlockSize);
            while (left > 0 && FastCommitTag.TryParse(block, superblock.InodeSize, out FastCommitTag tag))
            {
                action(tag);
                left--;
                block = block[tag.Size..];
            }
        }
    }

    private void Apply(FastCommitTag tag)
    {
        switch (tag.Type)
        {
            case FastCommitTagType.Inode:
                ReplaceInode(tag.First, tag.BehindFirst);
                break;
            case FastCommitTagType.AddRange:
                ExtExtentLeaf added = ExtExtentLeaf.Parse(tag.BehindFirst);
                MapRange(tag.First, new(added.Block, added.Length, added.Unwritten ? FileExtentKind.Unwritten : FileExtentKind.Data, added.Start));
                break;
            case FastCommitTagType.DeleteRange:
                MapRange(tag.First, new(tag.Second, tag.Third, FileExtentKind.Hole));
                break;
            case FastCommitTagType.Create:
                Create(tag.First, tag.Second, new(tag.BehindSecond));
                break;
            case FastCommitTagType.Link:
                if (InUse(tag.Second))
                    Link(tag.First, tag.Second, new(tag.BehindSecond));
                break;
            case FastCommitTagType.Unlink:
                Unlink(tag.First, tag.Second, new(tag.BehindSecond));
                break;
        }
    }

    /// <summary>
    /// All of the inode but i_block, which the ranges make up; and that too where it holds the content itself. What lies
    /// behind the recorded bytes (attributes in the inode) stays.
    /// </summary>
    private void ReplaceInode(uint inode, ReadOnlySpan<byte> recorded)
    {
        const int generation = 0x64;
        byte[] raw = Raw(inode);
        recorded[..ExtInode.BlockOffset].CopyTo(raw);
        recorded[generation..].CopyTo(raw.AsSpan(generation));
        ExtInodeFlags flags = ExtInode.Parse(raw).Flags;
        if ((flags & ExtInodeFlags.Extents) != 0)
            EnsureExtentHeader(raw);
        else if ((flags & ExtInodeFlags.InlineData) != 0)
            recorded.Slice(ExtInode.BlockOffset, ExtInode.BlockLength).CopyTo(raw.AsSpan(ExtInode.BlockOffset));
        Store(inode, raw);
    }

    private static void EnsureExtentHeader(byte[] raw)
    {
        Span<byte> header = raw.AsSpan(ExtInode.BlockOffset, ExtExtentHeader.Size);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header) == ExtExtentHeader.Magic)
            return;
        header.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(header, ExtExtentHeader.Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], (ExtInode.BlockLength - ExtExtentHeader.Size) / ExtExtentHeader.EntrySize);
    }

    private void MapRange(uint inode, ExtRun run)
    {
        if (!InUse(inode))
            return;
        if (run.Kind != FileExtentKind.Hole
            && (run.Start == 0 || run.Start >= superblock.BlocksCount || run.Length > superblock.BlocksCount - run.Start))
            run = run with { Kind = FileExtentKind.Unreadable, Reason = $"a fast commit puts it in block {run.Start} of {superblock.BlocksCount}" };
        overrides.ChangeRanges(inode).Set(run);
    }

    private void Create(uint directory, uint inode, ByteString name)
    {
        if (!InUse(inode))
            throw new CorruptException($"a fast commit creates inode {inode}, which is not in use");
        byte[] raw = Raw(inode);
        if (TypeOf(raw) == FileType.Directory)
        {
            if (!InUse(directory))
                return;
            overrides.ChangeEntries(inode).Clear();
        }
        Link(directory, inode, name);
        SetLinks(inode, 1);
    }

    /// <summary>A name that is there already stays, whatever it names.</summary>
    private void Link(uint directory, uint inode, ByteString name)
    {
        if (!InUse(directory) || TypeOf(Raw(directory)) != FileType.Directory || Find(directory, name) != null)
            return;
        overrides.ChangeEntries(directory).Add(new(name, inode, TypeOf(Raw(inode))));
        SetLinks(inode, (ushort)Math.Min(ushort.MaxValue, ExtInode.Parse(Raw(inode)).Links + 1));
    }

    /// <summary>A name that has come to mean another inode stays, but the link is counted off.</summary>
    private void Unlink(uint directory, uint inode, ByteString name)
    {
        if (!InUse(inode) || !InUse(directory) || Find(directory, name) is not { } entry)
            return;
        if (entry.Inode == inode)
            overrides.ChangeEntries(directory).Remove(name);
        int links = ExtInode.Parse(Raw(inode)).Links - 1;
        SetLinks(inode, (ushort)links);
        if (links == 0)
            Free(inode);
    }

    /// <summary>An inode without links is emptied at once: what a later record makes of it must not find the old content.</summary>
    private void Free(uint inode)
    {
        byte[] raw = Raw(inode);
        FileType type = TypeOf(raw);
        if (type is not (FileType.Regular or FileType.Directory))
            return;
        raw.AsSpan(ExtInode.BlockOffset, ExtInode.BlockLength).Clear();
        if ((ExtInode.Parse(raw).Flags & ExtInodeFlags.Extents) != 0)
            EnsureExtentHeader(raw);
        Store(inode, raw);
        overrides.Forget(inode);
    }

    private DirectoryEntry? Find(uint directory, ByteString name)
    {
        DirectoryEntry? onDisk = names.Find(directory, name);
        return overrides.Entries(directory) is { } changed ? changed.Find(name, onDisk) : onDisk;
    }

    /// <summary>Whether the kernel's ext4_iget would give the inode: in use, and no inode of the filesystem itself.</summary>
    private bool InUse(uint inode) =>
        (inode == fileSystem.RootInode || inode >= superblock.FirstInode) && inode <= superblock.InodesCount
        && ExtInode.Parse(overrides.Inode(inode) ?? fileSystem.RawInode(inode).Span).Links > 0;

    private byte[] Raw(uint inode) => overrides.Inode(inode) ?? fileSystem.RawInode(inode).ToArray();

    private void Store(uint inode, byte[] raw)
    {
        if (overrides.Inode(inode) == null && (inodeBytes += raw.Length) > MaxInodeBytes)
            throw new UnsupportedException($"the fast commits change more than {MaxInodeBytes} bytes of inodes");
        overrides.SetInode(inode, raw);
    }

    private void SetLinks(uint inode, ushort links)
    {
        byte[] raw = Raw(inode);
        BinaryPrimitives.WriteUInt16LittleEndian(raw.AsSpan(0x1A), links);
        Store(inode, raw);
    }

    private static FileType TypeOf(byte[] raw) => ExtInodes.TypeOf(ExtInode.Parse(raw).Mode);
}
