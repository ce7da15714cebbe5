using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// The entries of a directory, read block by block as a plain list: the inner blocks of a hash tree look like free room to
/// such a reader, by design.
/// </summary>
internal sealed class ExtDirectory(ExtSuperblock superblock, ExtMetadataCache cache, ExtContent content, ExtAttributes attributes, ExtOverrides? overrides)
{
    private const int SipHash = 6;

    private readonly bool hasFileType = superblock.Has(ExtIncompat.FileType);

    /// <summary>All entries but "." and "..": the one place where directories are read.</summary>
    public IEnumerable<DirectoryEntry> Entries(ExtNode directory, DamageSink damage)
    {
        IEnumerable<DirectoryEntry> onDisk = EntriesOnDisk(directory, damage);
        return overrides?.Entries(directory.Inode) is { } changed ? changed.Over(onDisk) : onDisk;
    }

    private IEnumerable<DirectoryEntry> EntriesOnDisk(ExtNode directory, DamageSink damage)
    {
        var found = new List<DirectoryEntry>();
        if (directory.Has(ExtInodeFlags.InlineData))
        {
            ReadInline(directory, found, damage);
            foreach (DirectoryEntry entry in found)
                yield return entry;
            yield break;
        }
        ulong left = superblock.BlocksCount;
        foreach (FileExtent extent in content.Extents(directory, 0, damage))
        {
            if (extent.Kind != FileExtentKind.Data)
            {
                damage(new($"directory: {extent.Reason ?? "a hole"}", extent.Offset, extent.Length));
                continue;
            }
            for (long at = extent.Offset; at < extent.Offset + extent.Length; at += superblock.BlockSize)
            {
                // A block map may name one block any number of times; no true directory has more blocks than the filesystem.
                if (left-- == 0)
                    throw new CorruptException($"inode {directory.Inode}: a directory of more blocks than the filesystem has");
                found.Clear();
                ulong block = (ulong)(extent.DeviceOffset + (at - extent.Offset)) / (ulong)superblock.BlockSize;
                ReadBlock(directory, block, at, found, damage);
                foreach (DirectoryEntry entry in found)
                    yield return entry;
            }
        }
    }

    private void ReadBlock(ExtNode directory, ulong number, long offset, List<DirectoryEntry> found, DamageSink damage)
    {
        ReadOnlySpan<byte> block;
        try
        {
            block = cache.Block(number).Span;
        }
        catch (UnreadableException e)
        {
            damage(new($"directory: {e.Reason}", offset, superblock.BlockSize));
            return;
        }
        if (superblock.HasMetadataChecksums && !ExtDirectoryChecksum.Matches(block, directory, offset == 0))
            damage(new("directory: checksum does not match", offset, superblock.BlockSize));
        ReadRecords(block, directory, offset, found, damage);
    }

    /// <summary>Four bytes of the parent's number, then records in the rest of i_block, and a list of its own in the attribute.</summary>
    private void ReadInline(ExtNode directory, List<DirectoryEntry> found, DamageSink damage)
    {
        const int parent = 4;
        ReadOnlySpan<byte> bytes = attributes.InlineData(directory, damage).Span;
        ReadRecords(bytes[parent..ExtInode.BlockLength], directory, 0, found, damage);
        long size = Math.Min(directory.Size, bytes.Length);
        if (size > ExtInode.BlockLength)
            ReadRecords(bytes[ExtInode.BlockLength..(int)size], directory, ExtInode.BlockLength, found, damage);
        if (directory.Size > bytes.Length)
            damage(new("directory: its inline data is shorter than its size", bytes.Length, directory.Size - bytes.Length));
    }

    /// <summary>A record that cannot be ends the block: where the next one starts is not known.</summary>
    private void ReadRecords(ReadOnlySpan<byte> block, ExtNode directory, long offset, List<DirectoryEntry> found, DamageSink damage)
    {
        int hashVersion = directory.Has(ExtInodeFlags.Encrypted) ? HashVersion(directory, damage) : 0;
        for (int at = 0; at + ExtDirectoryRecord.HeaderSize <= block.Length;)
        {
            ExtDirectoryRecord record = ExtDirectoryRecord.Parse(block[at..], superblock.BlockSize, hasFileType);
            if (record.Length < ExtDirectoryRecord.HeaderSize + record.NameLength || record.Length % 4 != 0
                || record.Length < 12 || record.Length > block.Length - at)
            {
                damage(new($"directory: a record of {record.Length} bytes with a name of {record.NameLength}", offset + at, block.Length - at));
                return;
            }
            if (record.Inode != 0)
                Add(record, block.Slice(at + ExtDirectoryRecord.HeaderSize, record.Length - ExtDirectoryRecord.HeaderSize), directory,
                    hashVersion, offset + at, found, damage);
            at += record.Length;
        }
    }

    private void Add(in ExtDirectoryRecord record, ReadOnlySpan<byte> body, ExtNode directory, int hashVersion, long offset,
        List<DirectoryEntry> found, DamageSink damage)
    {
        ReadOnlySpan<byte> name = body[..record.NameLength];
        if (name is [(byte)'.'] or [(byte)'.', (byte)'.'])
            return;
        bool encrypted = directory.Has(ExtInodeFlags.Encrypted);
        if (name.IsEmpty || (!encrypted && name.IndexOfAny((byte)'/', (byte)0) >= 0))
        {
            damage(new($"directory: the name \"{new ByteString(name)}\" of inode {record.Inode} cannot be", offset, record.Length));
            return;
        }
        ByteString shown = new(name);
        if (encrypted)
        {
            (uint hash, uint minor) = hashVersion == SipHash ? StoredHash(record, body) : ExtNameHash.Compute(name, hashVersion, superblock.HashSeed);
            shown = ExtEncryptedName.NoKeyName(name, hash, minor);
        }
        found.Add(new(shown, record.Inode, TypeOf(record.FileType)));
    }

    /// <summary>A directory that folds case and is encrypted has its hashes behind the names: they are keyed.</summary>
    private static (uint Hash, uint Minor) StoredHash(in ExtDirectoryRecord record, ReadOnlySpan<byte> body)
    {
        int at = (record.NameLength + 3) & ~3;
        return at + 8 > body.Length ? (0, 0) : (ReadUInt32LittleEndian(body[at..]), ReadUInt32LittleEndian(body[(at + 4)..]));
    }

    /// <summary>
    /// What the kernel hashes the names with: the version in a tree's root, the filesystem's for a directory of one block, and
    /// none where a directory is a plain list.
    /// </summary>
    private int HashVersion(ExtNode directory, DamageSink damage)
    {
        const int none = -1, rootVersion = 0x1C;
        if (!superblock.Has(ExtCompat.DirIndex))
            return none;
        if (directory.Has(ExtInodeFlags.CaseFold))
            return SipHash;
        if (!directory.Has(ExtInodeFlags.Indexed))
            return directory.Size == superblock.BlockSize ? ExtNameHash.Version(superblock, superblock.DefaultHashVersion) : none;
        FileExtent first = content.Extents(directory, 0, damage).FirstOrDefault();
        if (first.Kind != FileExtentKind.Data)
            return none;
        try
        {
            byte version = cache.Block((ulong)(first.DeviceOffset / superblock.BlockSize)).Span[rootVersion];
            return ExtNameHash.Version(superblock, version);
        }
        catch (UnreadableException)
        {
            return none;
        }
    }

    /// <summary>The upper bits are flags of dirdata, an extension whose data stands behind the name.</summary>
    private static FileType TypeOf(byte fileType) => (fileType & 0xF) switch
    {
        1 => FileType.Regular,
        2 => FileType.Directory,
        3 => FileType.CharacterDevice,
        4 => FileType.BlockDevice,
        5 => FileType.Fifo,
        6 => FileType.Socket,
        7 => FileType.SymbolicLink,
        _ => FileType.Unknown,
    };
}
