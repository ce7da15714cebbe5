namespace Jumpbag.Host;

/// <summary>
/// The room left on a filesystem of this machine for the one who asks. Filesystems without a table of inodes (btrfs,
/// vfat) say that they have 0 in all: then <see cref="Inodes"/> is null.
/// </summary>
public readonly record struct VolumeSpace(long Available, long? Inodes, long BlockSize);
