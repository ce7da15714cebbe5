namespace Jumpbag.Storage.Md.Format;

/// <summary>What a device of an array is for: a place in the array (0 and up), or one of these.</summary>
internal static class MdRole
{
    public const int Spare = -1, Faulty = -2, Journal = -3;
}

/// <summary>
/// What a member's superblock says, of whichever version. Sizes and offsets are bytes; <see cref="long.MaxValue"/> stands for "all of it".
/// </summary>
internal sealed record MdSuperblock
{
    /// <summary>"0.90", "1.0", "1.1", "1.2".</summary>
    public required string Version { get; init; }

    /// <summary>Of the array, as blkid shows it.</summary>
    public required string Uuid { get; init; }

    /// <summary>"host:data", or "" where it has none.</summary>
    public string Name { get; init; } = "";

    /// <summary>0.90 only: the N of /dev/mdN.</summary>
    public uint? PreferredMinor { get; init; }

    /// <summary>0, 1, 4, 5, 6, 10; -1 linear.</summary>
    public required int Level { get; init; }

    public required int Layout { get; init; }

    /// <summary>RAID 0 of version 1 says whether its layout is known.</summary>
    public bool LayoutIsKnown { get; init; } = true;

    public required long ChunkSize { get; init; }

    /// <summary>How many places the array has.</summary>
    public required int Places { get; init; }

    /// <summary>How much of each member is used, for the levels that use the same of each.</summary>
    public required long UsedLength { get; init; }

    public required long DataOffset { get; init; }

    /// <summary>How much of this member can be used.</summary>
    public required long DataLength { get; init; }

    /// <summary>Raised with each change of the array's state.</summary>
    public required ulong Events { get; init; }

    /// <summary>Up to where mirrors and parity are known to fit; not all of it where the array was not stopped cleanly.</summary>
    public required long SyncedTo { get; init; }

    /// <summary>Which of the array's devices this is: an index into <see cref="Roles"/>.</summary>
    public required int Number { get; init; }

    /// <summary>Of this device, from version 1 on.</summary>
    public string? DeviceUuid { get; init; }

    /// <summary>Of each device of the array, as this member knows them.</summary>
    public required IReadOnlyList<int> Roles { get; init; }

    /// <summary>How far this member was rebuilt.</summary>
    public long RebuiltTo { get; init; } = long.MaxValue;

    /// <summary>It is being made a copy of the member in its place, to take over.</summary>
    public bool IsReplacement { get; init; }

    public bool IsReshaping { get; init; }

    public bool HasJournal { get; init; }

    /// <summary>Where on the member the write-intent bitmap begins, or null.</summary>
    public long? BitmapOffset { get; init; }

    /// <summary>Where on the member the list of its bad blocks is, and its length; null where it keeps none.</summary>
    public (long Offset, int Length, int Shift)? BadBlocks { get; init; }

    /// <summary>Features that are not known here, which may change where the data lies; 0 where there are none.</summary>
    public uint UnknownFeatures { get; init; }

    public int RoleOf(int number) => number >= 0 && number < Roles.Count ? Roles[number] : MdRole.Spare;

    public int Role => RoleOf(Number);
}
