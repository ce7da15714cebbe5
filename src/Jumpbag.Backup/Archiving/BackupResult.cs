using Jumpbag.Backup.Repository;

namespace Jumpbag.Backup.Archiving;

/// <summary>What a backup saved.</summary>
/// <param name="Parent">The snapshot whose unchanged files were not read again.</param>
/// <param name="Unchanged">Files among <paramref name="Files"/> that were not read.</param>
/// <param name="Others">Symbolic links, devices and pipes.</param>
/// <param name="Bytes">Content of all files.</param>
/// <param name="NewBlobs">Blobs that were not in the repository before, of files and folders.</param>
/// <param name="NewBytes">Their content.</param>
/// <param name="StoredBytes">What they take in the repository.</param>
/// <param name="NotSaved">Files, folders and attributes that could not be read; each was told.</param>
public sealed record BackupResult(
    SnapshotInfo Snapshot, SnapshotInfo? Parent, long Files, long Unchanged, long Folders, long Others, long Bytes, long NewBlobs, long NewBytes, long StoredBytes, long NotSaved, TimeSpan Elapsed);
