namespace Jumpbag.Backup.Archiving;

/// <summary>How a backup is made.</summary>
public sealed record BackupOptions
{
    /// <summary>Of the snapshot; null: this machine's name.</summary>
    public string? Host { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Patterns of paths that are left out, as restic's --exclude.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>Of what is mounted in a folder only the empty folder is saved.</summary>
    public bool OneFileSystem { get; init; }

    /// <summary>Files that look unchanged are read too.</summary>
    public bool ReadAll { get; init; }

    /// <summary>Called when all is saved and before the snapshot is: throws where what was read turned out to be worth nothing.</summary>
    public Action? Verify { get; init; }
}
