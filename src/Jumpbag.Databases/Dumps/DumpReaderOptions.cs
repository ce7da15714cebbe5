namespace Jumpbag.Databases.Dumps;

/// <summary>How a dump is read.</summary>
public sealed record DumpReaderOptions
{
    /// <summary>Rows are cut into pieces of about so many bytes. One row that is longer is a longer piece.</summary>
    public int PieceSize { get; init; } = 1 << 20;

    /// <summary>
    /// An INSERT that something follows, such as ON DUPLICATE KEY UPDATE, can't be cut. So far is looked ahead for it; a longer
    /// statement with such an end is refused.
    /// </summary>
    public int LookAhead { get; init; } = 16 << 20;

    /// <summary>
    /// A row that is longer, or another statement of MariaDB and MySQL, comes in parts, cut anywhere (see <see cref="DumpStatement.HasRest"/>).
    /// A definition that is longer than a few times that is refused.
    /// </summary>
    public int MostHeld { get; init; } = 8 << 20;

    /// <summary>Null: as the dump's SET sql_mode says, which is without NO_BACKSLASH_ESCAPES at its start.</summary>
    public bool? NoBackslashEscapes { get; init; }
}
