namespace Jumpbag.Storage.Partitions;

/// <summary>An entry of a partition table. It may reach past the end of the device: images are cut short.</summary>
/// <param name="Number">As the kernel counts: primaries 1 to 4, logical partitions from 5 on; the entry's place plus one in a GPT.</param>
/// <param name="StartSector">In sectors of the table's size.</param>
/// <param name="Offset">In bytes of the device.</param>
/// <param name="Length">In bytes.</param>
/// <param name="TypeCode">"0x83", or a GUID in lower case.</param>
/// <param name="TypeName">As fdisk(8) names the type; "unknown" where it has no name.</param>
/// <param name="Name">The partition's own name, of a GPT only.</param>
/// <param name="Uuid">blkid's PARTUUID: "0007a1d5-01", or a GUID in lower case.</param>
/// <param name="IsContainer">An extended partition: it holds the logical ones and no content of its own.</param>
public sealed record Partition(
    int Number, long StartSector, long SectorCount, long Offset, long Length, string TypeCode, string TypeName,
    string? Name, string? Uuid, bool Bootable, bool IsContainer);
