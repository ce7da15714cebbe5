using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Databases.Dumps;

/// <summary>
/// Takes one table out of a dump: its statements and those that set the session up for them, in their order, as a dump of its own.
/// The database it was in is not named, so that it can be loaded into another.
/// </summary>
public static class TableExtract
{
    /// <param name="table">As <see cref="Find"/> gave it.</param>
    /// <param name="owned">Sequences that belong to it.</param>
    /// <returns>How the inputs ended.</returns>
    public static IReadOnlyList<DumpTail> Write(DumpInput input, DumpObject table, IReadOnlySet<ObjectName> owned, Action<ReadOnlySpan<byte>> write, DumpReaderOptions? options = null)
    {
        using var reader = new DumpReader(input, options);
        write(Encoding.UTF8.GetBytes($"-- Table extracted by jumpbag: {table.FullName}\n\n"));
        bool isLocked = false, isWanted = false;
        while (reader.Read() is { } statement)
        {
            isWanted = statement.IsRest ? isWanted : (table.Database is null || table.Database == statement.Database) && IsWanted(statement, table.Name, owned, isLocked);
            if (isWanted)
            {
                isLocked = statement.Kind == StatementKind.LockTables || (isLocked && statement.Kind != StatementKind.UnlockTables);
                Write(statement, input.Dialect, write);
            }
            statement.Release!();
        }
        if (reader.Tails.All(tail => tail.State != DumpTailState.Truncated))
            write("\n-- Dump completed\n"u8);
        return reader.Tails;
    }

    /// <summary>The table that a person means by "table", "database.table", "schema.table" or "database.schema.table".</summary>
    /// <exception cref="UsageException">Several bear that name; the hint lists them.</exception>
    public static DumpObject Find(DumpIndex index, ByteString name)
    {
        DumpObject[] tables = [.. index.Objects.Where(known => known.Type == DumpObjectType.Table)];
        // A name may have a dot in it.
        DumpObject[] found = [.. tables.Where(known => known.Name.Name == name)];
        if (found.Length == 0)
            found = [.. tables.Where(known => Full(known.Name) == name || (known.Database is { } database && Full(new(database, Full(known.Name))) == name))];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new NotFoundException($"{name}: no such table in the dump", Near(tables, name)),
            _ => throw new UsageException($"{name}: {found.Length} tables have that name", $"say which: {string.Join(", ", found.Take(20).Select(known => known.FullName))}"),
        };
    }

    private static string Near(DumpObject[] tables, ByteString name)
    {
        DumpObject[] near = [.. tables.Where(known => known.Name.ToString().Contains(name.ToString(), StringComparison.OrdinalIgnoreCase)).Take(5)];
        return near.Length > 0 ? $"similar: {string.Join(", ", near.Select(known => known.FullName))}" : "'jumpbag load --list' shows what is in it";
    }

    private static ByteString Full(ObjectName name) => name.Qualifier is { } qualifier ? new([.. qualifier.Span, (byte)'.', .. name.Name.Span]) : name.Name;

    private static bool IsWanted(DumpStatement statement, ObjectName table, IReadOnlySet<ObjectName> owned, bool isLocked) => statement.Kind switch
    {
        StatementKind.Set => true,
        StatementKind.UnlockTables => isLocked,
        StatementKind.CreateTable or StatementKind.DropTable or StatementKind.AlterTable or StatementKind.TruncateTable or StatementKind.DisableKeys
            or StatementKind.EnableKeys or StatementKind.LockTables or StatementKind.Insert or StatementKind.Copy or StatementKind.Change => statement.Name == table,
        StatementKind.CreateTrigger or StatementKind.CreateIndex or StatementKind.AddForeignKey => statement.Table == table,
        StatementKind.CreateSequence or StatementKind.SetSequenceValue => statement.Name is { } name && owned.Contains(name),
        StatementKind.Other => DumpIndex.OwnedSequence(statement.Text.Span) is var (_, owner) && owner == table,
        _ => false,
    };

    private static void Write(DumpStatement statement, Dialect dialect, Action<ReadOnlySpan<byte>> write)
    {
        ReadOnlySpan<byte> text = statement.Text.Span;
        string? delimiter = dialect == Dialect.MariaDb && statement.Kind == StatementKind.CreateTrigger
            ? new[] { ";;", "$$", "//", "|||", "~~~~" }.First(mark => mark == "~~~~" || statement.Text.Span.IndexOf(Encoding.ASCII.GetBytes(mark)) < 0) : null;
        if (delimiter is not null)
            write(Encoding.ASCII.GetBytes($"DELIMITER {delimiter}\n"));
        bool isCopy = statement.Kind == StatementKind.Copy;
        if (!isCopy || !statement.IsRest)
            write(text);
        if (!isCopy && statement.HasRest)
            return;
        if (!isCopy || !statement.IsRest)
            write(delimiter is null ? ";\n"u8 : Encoding.ASCII.GetBytes($"{delimiter}\nDELIMITER ;\n"));
        if (isCopy)
        {
            write(statement.CopyLines.Span);
            write(statement.HasRest ? default : "\\.\n"u8);
        }
    }
}
