namespace Jumpbag.FileSystems.Extraction;

/// <summary>What to do where a file of that name is there already.</summary>
public enum OverwriteMode
{
    /// <summary>That file fails, the rest goes on.</summary>
    Refuse,

    /// <summary>-f: it is replaced, once its successor is complete.</summary>
    Force,

    /// <summary>-n: it is left as it is, and counted as skipped.</summary>
    NoClobber,

    /// <summary>-u: it is replaced where it is older, else skipped.</summary>
    Update,
}

/// <summary>What of a file beside its content is carried over.</summary>
[Flags]
public enum Preserve
{
    None = 0,
    Mode = 1,
    Owner = 2,
    Times = 4,
    Xattrs = 8,
    Links = 16,
    All = Mode | Owner | Times | Xattrs | Links,
}

public sealed record ExtractionOptions
{
    /// <summary>-r: directories too, with all that is below. Implies <see cref="Preserve.All"/> unless <see cref="Preserve"/> says less.</summary>
    public bool Recursive { get; init; }

    /// <summary>null: everything with <see cref="Recursive"/>, else nothing (a mode under the umask, as cp(1) does).</summary>
    public Preserve? Preserve { get; init; }

    public OverwriteMode Overwrite { get; init; }

    /// <summary>Goes on after a break: files that are there complete (type, size, time) are left, what a killed run left over is removed.</summary>
    public bool Resume { get; init; }

    /// <summary>Only counts, and checks the free space.</summary>
    public bool DryRun { get; init; }

    /// <summary>Files that are copied at once; 0: one for each core, or one in all with <see cref="InDiskOrder"/>.</summary>
    public int Jobs { get; init; }

    /// <summary>Whether files are read in the order in which they lie on the disk; null: where a source is on a rotating one.</summary>
    public bool? InDiskOrder { get; init; }

    /// <summary>Which files and directories below the sources are left out, by their paths in the tree; null: none.</summary>
    public Func<Core.ByteString, FileType, bool>? LeaveOut { get; init; }

    internal Preserve Effective => Preserve ?? (Recursive ? FileSystems.Extraction.Preserve.All : default);
}

/// <summary>A file or directory to be copied, by its path in the tree.</summary>
/// <param name="Prefix">What stands before the path where it is named whole: "disk.img@2:".</param>
public readonly record struct ExtractionItem(FileTree Tree, Core.ByteString Path, string Prefix = "");
