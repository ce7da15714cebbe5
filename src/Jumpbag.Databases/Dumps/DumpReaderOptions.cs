namespace Jumpbag.Databases.Dumps;

/// <summary>How a dump is read.</summary>
public sealed record DumpReaderOptions
{
    /// <summary>Rows are cut into pieces of about so many bytes. One row that is longer is a longer piece.</summary>
    public int PieceSize { get; init; } = 1 << 20;

    /// <summary>A row of a COPY of more bytes than that comes in parts (<see cref="RowPiece"/>).</summary>
    public int LongRow { get; init; } = 4 << 20;

    /// <summary>
    /// An INSERT that something follows, such as ON DUPLICATE KEY UPDATE, can't be cut. So far is looked ahead for it; a longer
    /// statement with such an end is refused.
    /// </summary>
    public int LookAhead { get; init; } = 64 << 20;

    /// <summary>The longest statement or row; beyond it the dump is refused. No server takes more than 1 GiB.</summary>
    public int Longest { get; init; } = (1 << 30) + (1 << 20);

    /// <summary>Null: as the dump's SET sql_mode says, which is without NO_BACKSLASH_ESCAPES at its start.</summary>
    public bool? NoBackslashEscapes { get; init; }
}
