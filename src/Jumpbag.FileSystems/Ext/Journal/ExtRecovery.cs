using Jumpbag.Core;
using Jumpbag.FileSystems.Ext.Format;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// What the kernel would do with the journal before it shows the filesystem, done in memory: decides whether there is
/// anything to replay (<c>ext4_load_journal</c>), finds the journal, replays it, and says in one line how that went.
/// </summary>
internal sealed class ExtRecovery
{
    private const string NotReplayed = "journal not replayed";

    private readonly List<string> warnings = [];
    private FastCommitScan? fastCommits;

    private ExtRecovery(BlockDevice device, string opened, bool hasError = false)
    {
        Device = device;
        Opened = opened;
        HasError = hasError;
    }

    /// <summary>To read the filesystem from.</summary>
    public BlockDevice Device { get; }

    /// <summary>"clean", "journal replayed: …" or "journal not replayed: …".</summary>
    public string Opened { get; private set; }

    /// <summary>The journal records an error of the filesystem that its superblock may not know yet.</summary>
    public bool HasError { get; }

    /// <summary>What was left out, each in one line.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <param name="raw">The filesystem as it stands on the disk.</param>
    public static ExtRecovery Run(ExtFileSystem raw, ExtOpenOptions options)
    {
        ExtSuperblock superblock = raw.Superblock;
        if (!superblock.Has(ExtCompat.HasJournal))
            return new(raw.Device, IsMarkedClean(superblock) ? "clean" : "not cleanly unmounted, without a journal");
        // Copies of the superblock never bear the flag; where one had to be used the journal itself is asked, as e2fsck does.
        bool flagKnown = superblock.BlockGroupNumber == 0;
        bool needed = superblock.Has(ExtIncompat.Recover);
        if (needed && !options.Replay)
            return new(raw.Device, $"{NotReplayed}: as was asked for; what it holds is not shown");
        try
        {
            JournalLog log = Find(raw, options);
            bool error = log.Superblock.ErrorNumber != 0;
            // Without the flag the kernel discards what the journal holds.
            if (log.Superblock.Start == 0 || (flagKnown && !needed) || !options.Replay)
                return new(raw.Device, "clean", error);
            JournalReplay replay = JournalReplay.Run(raw.Device, log, superblock.BlocksCount);
            return new ExtRecovery(replay.Device, $"journal replayed: {Counted(replay.Transactions, "transaction")}, {Counted(replay.Blocks, "block")}", error)
                .WithFastCommits(replay, superblock.InodeSize);
        }
        catch (JumpbagException e)
        {
            // A journal that isn't needed hides nothing.
            return flagKnown && !needed ? new(raw.Device, "clean") : new(raw.Device, $"{NotReplayed}: {e.Message}");
        }
    }

    /// <summary>What the fast commits change of the filesystem, which must be opened on <see cref="Device"/>; null where there are none.</summary>
    public ExtOverrides? ReplayFastCommits(ExtFileSystem fileSystem)
    {
        if (fastCommits is not { Tags: > 0 } found)
            return null;
        try
        {
            ExtOverrides changes = FastCommitReplay.Run(fileSystem, found);
            Opened += $" ({found.Commits} fast commits)";
            return changes;
        }
        catch (JumpbagException e)
        {
            warnings.Add($"{found.Commits} fast commits of the journal were not replayed: {e.Message}");
            return null;
        }
    }

    private ExtRecovery WithFastCommits(JournalReplay replay, int inodeSize)
    {
        warnings.AddRange(replay.Warnings);
        fastCommits = FastCommitScan.Run(replay.Log, inodeSize, replay.NextTransaction);
        if (fastCommits.Problem != null)
            warnings.Add($"fast commits of the journal were left out: {fastCommits.Problem}");
        return this;
    }

    private static bool IsMarkedClean(ExtSuperblock superblock) => (superblock.State & 1) != 0;

    private static JournalLog Find(ExtFileSystem raw, ExtOpenOptions options)
    {
        ExtSuperblock superblock = raw.Superblock;
        if (superblock.JournalInode != 0)
            return JournalLog.Open(OpenInode(raw), superblock.BlockSize);
        Guid uuid = superblock.JournalUuid;
        if (uuid == Guid.Empty)
            throw new CorruptException("the superblock names neither a journal inode nor an external journal");
        BlockDevice device = options.FindJournal?.Invoke(uuid)
            ?? throw new NotFoundException($"the external journal {uuid} is not given; pass it with --disk");
        return ExternalJournal.Open(device, uuid, superblock.BlockSize);
    }

    /// <summary>The journal's inode, or where that is damaged what the superblock keeps of it.</summary>
    private static JournalFile OpenInode(ExtFileSystem raw)
    {
        ulong inode = raw.Superblock.JournalInode;
        try
        {
            ExtNode node = raw.ReadInode(inode, _ => { });
            if (node.Type != FileType.Regular || node.Links == 0)
                throw new CorruptException($"inode {inode}, the journal, is not a regular file in use");
            return JournalFile.Open(raw, node);
        }
        catch (Exception e) when (e is CorruptException or UnreadableException && raw.Superblock.JournalBackupType == 1)
        {
            return JournalFile.Open(raw, BackupNode(raw.Superblock));
        }
    }

    /// <summary>s_jnl_blocks: i_block of the journal's inode, i_size_high and i_size.</summary>
    private static ExtNode BackupNode(ExtSuperblock superblock)
    {
        uint[] words = superblock.JournalBlocks;
        var block = new byte[ExtInode.BlockLength];
        Buffer.BlockCopy(words, 0, block, 0, block.Length);
        ulong size = (ulong)words[15] << 32 | words[16];
        return new()
        {
            Inode = superblock.JournalInode,
            Type = FileType.Regular,
            Permissions = 0x180,
            Uid = 0,
            Gid = 0,
            Size = size <= long.MaxValue ? (long)size : throw new CorruptException($"the journal's size is {size} bytes"),
            Allocated = 0,
            Links = 1,
            Accessed = default,
            Modified = default,
            Changed = default,
            Flags = (words[0] & 0xFFFF) == ExtExtentHeader.Magic ? ExtInodeFlags.Extents : ExtInodeFlags.None,
            Block = block,
            BodyAttributes = [],
            AttributeBlock = 0,
            ChecksumSeed = 0,
            IsFastLink = false,
            Generation = 0,
            RawAccessed = 0,
            RawModified = 0,
        };
    }

    private static string Counted(long count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
