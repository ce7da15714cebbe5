using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps;

/// <summary>
/// One statement of a dump, or a piece of one: the rows of a long INSERT or COPY come in several pieces, cut between rows, each of
/// which can be sent by itself.
/// </summary>
public sealed class DumpStatement
{
    public required StatementKind Kind { get; init; }

    /// <summary>Which of the inputs it stands in, from 0.</summary>
    public int File { get; init; }

    /// <summary>Bytes from the start of that (decompressed) input to the first byte of the statement; of a later piece, to its first row.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes of the input that it takes, its delimiter included. Pieces add up to their statement.</summary>
    public required long Length { get; init; }

    /// <summary>Line of the input in which it begins, from 1.</summary>
    public required long Line { get; init; }

    /// <summary>The object that it is about; null where it is about none.</summary>
    public ObjectName? Name { get; init; }

    /// <summary>Of a trigger, index or foreign key: the table that it belongs to.</summary>
    public ObjectName? Table { get; init; }

    /// <summary>The database that was in use where the statement stands (the last USE or \connect), or null.</summary>
    public ByteString? Database { get; init; }

    /// <summary>
    /// What is to be sent: the statement without its delimiter, byte for byte, conditional comments included; of a later piece of an
    /// INSERT the statement's head and then the rows. Of a COPY only the command; the lines are <see cref="CopyLines"/>.
    /// Valid until <see cref="Release"/>.
    /// </summary>
    public required ReadOnlyMemory<byte> Text { get; init; }

    /// <summary>The lines of a COPY with their line ends, without the closing "\.".</summary>
    public ReadOnlyMemory<byte> CopyLines { get; init; }

    /// <summary>Rows that it adds: of this piece.</summary>
    public long Rows { get; init; }

    /// <summary>Whether this is the first, and the last, piece of its statement; both for one that is whole.</summary>
    public bool IsFirstPiece { get; init; } = true;

    public bool IsLastPiece { get; init; } = true;

    /// <summary>Too long to be held: <see cref="Text"/>, or of a COPY the one row of <see cref="CopyLines"/>, is cut, and goes on in the next one that is read.</summary>
    public bool HasRest { get; init; }

    /// <summary>Only more text of the one before; its kind and names are those of the first part.</summary>
    public bool IsRest { get; init; }

    /// <summary>"INSERT", "INSERT IGNORE" or "REPLACE" of an <see cref="StatementKind.Insert"/>.</summary>
    public string? InsertVerb { get; init; }

    /// <summary>Gives its buffers back; called once by whoever is done with it. Statements may be kept and used by any thread until then.</summary>
    public Action? Release { get; init; }

    /// <summary>The same place of the dump with other names in it.</summary>
    public DumpStatement With(ObjectName? name, ObjectName? table, ReadOnlyMemory<byte> text) => new()
    {
        Kind = Kind,
        File = File,
        Offset = Offset,
        Length = Length,
        Line = Line,
        Name = name,
        Table = table,
        Database = Database,
        Text = text,
        CopyLines = CopyLines,
        Rows = Rows,
        IsFirstPiece = IsFirstPiece,
        IsLastPiece = IsLastPiece,
        HasRest = HasRest,
        IsRest = IsRest,
        InsertVerb = InsertVerb,
        Release = Release,
    };
}
