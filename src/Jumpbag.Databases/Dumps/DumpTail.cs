namespace Jumpbag.Databases.Dumps;

public enum DumpTailState
{
    /// <summary>It ends as the program that wrote it ends its dumps.</summary>
    Complete,

    /// <summary>It is cut: within a statement, or before the end that the program always writes.</summary>
    Truncated,

    /// <summary>It ends behind a whole statement, and its program writes nothing by which a complete dump could be told.</summary>
    NoTrailer,
}

/// <summary>How an input ends.</summary>
/// <param name="File">Which of the inputs, from 0.</param>
/// <param name="Offset">Where the statement begins that isn't complete, else where the input ends; in decompressed bytes.</param>
/// <param name="Why">For a person: "within a row of INSERT INTO shop.orders, which begins at byte 123".</param>
public sealed record DumpTail(DumpTailState State, int File, long Offset, string Why);
