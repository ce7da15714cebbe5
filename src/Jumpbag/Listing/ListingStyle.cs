namespace Jumpbag.Listing;

/// <summary>How files are listed: ls(1)'s letters, resolved.</summary>
public sealed record ListingStyle
{
    public bool Long { get; init; }

    public bool Human { get; init; }

    public bool Inode { get; init; }

    public bool Classify { get; init; }

    public bool FullTime { get; init; }

    /// <summary>Whether names are shown with C escapes; else their bytes go out as they are.</summary>
    public bool Escaped { get; init; }

    /// <summary>The width of the screen where names stand side by side; null for one a line.</summary>
    public int? Columns { get; init; }

    public required Owners Owners { get; init; }
}
