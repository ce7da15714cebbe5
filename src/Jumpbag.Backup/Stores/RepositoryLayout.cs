namespace Jumpbag.Backup.Stores;

/// <summary>Where each file of a repository lies below its top: in restic's layout of today, or in that of its first years on S3.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Repository Layout"</remarks>
internal readonly record struct RepositoryLayout(bool IsLegacy)
{
    /// <summary>All kinds that have a folder.</summary>
    public static IReadOnlyList<FileKind> Folders { get; } = [FileKind.Key, FileKind.Snapshot, FileKind.Index, FileKind.Lock, FileKind.Pack];

    public string Folder(FileKind kind) => kind switch
    {
        FileKind.Key => IsLegacy ? "key" : "keys",
        FileKind.Snapshot => IsLegacy ? "snapshot" : "snapshots",
        FileKind.Lock => IsLegacy ? "lock" : "locks",
        FileKind.Index => "index",
        _ => "data",
    };

    /// <summary>With slashes.</summary>
    public string PathOf(FileKind kind, string name) => kind switch
    {
        FileKind.Config => "config",
        FileKind.Pack when !IsLegacy => $"data/{name[..2]}/{name}",
        _ => $"{Folder(kind)}/{name}",
    };
}
