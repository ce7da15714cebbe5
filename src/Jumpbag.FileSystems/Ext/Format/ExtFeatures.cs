namespace Jumpbag.FileSystems.Ext.Format;

/// <summary>s_feature_compat: what a reader may ignore.</summary>
[Flags]
public enum ExtCompat : uint
{
    None = 0,
    HasJournal = 0x4,
    ExtAttr = 0x8,
    ResizeInode = 0x10,
    DirIndex = 0x20,
    SparseSuper2 = 0x200,
    FastCommit = 0x400,
    StableInodes = 0x800,
    OrphanFile = 0x1000,
}

/// <summary>s_feature_incompat: what a reader must know.</summary>
[Flags]
public enum ExtIncompat : uint
{
    None = 0,
    Compression = 0x1,
    FileType = 0x2,
    Recover = 0x4,
    JournalDevice = 0x8,
    MetaBg = 0x10,
    Extents = 0x40,
    Bits64 = 0x80,
    Mmp = 0x100,
    FlexBg = 0x200,
    EaInode = 0x400,
    DirData = 0x1000,
    ChecksumSeed = 0x2000,
    LargeDir = 0x4000,
    InlineData = 0x8000,
    Encrypt = 0x1_0000,
    CaseFold = 0x2_0000,

    /// <summary>
    /// All that this reader knows. Compressed files are refused one by one; a directory's extra data (dirdata) stands
    /// behind the names and does not change what is read.
    /// </summary>
    Known = Compression | FileType | Recover | MetaBg | Extents | Bits64 | Mmp | FlexBg | EaInode | DirData
        | ChecksumSeed | LargeDir | InlineData | Encrypt | CaseFold,
}

/// <summary>s_feature_ro_compat: what only a writer must know.</summary>
[Flags]
public enum ExtRoCompat : uint
{
    None = 0,
    SparseSuper = 0x1,
    LargeFile = 0x2,
    BTreeDir = 0x4,
    HugeFile = 0x8,
    GdtChecksum = 0x10,
    DirNlink = 0x20,
    ExtraIsize = 0x40,
    Quota = 0x100,
    BigAlloc = 0x200,
    MetadataChecksum = 0x400,
    Project = 0x2000,
    Verity = 0x8000,
    OrphanPresent = 0x1_0000,
}
