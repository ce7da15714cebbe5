using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Databases.Dumps.Scanning;

namespace Jumpbag.Databases.Dumps;

public enum DumpObjectType
{
    Database,
    Table,
    View,
    Trigger,
    Routine,
    Event,
    Sequence,
}

/// <summary>Something that a dump makes, or fills.</summary>
public sealed class DumpObject
{
    public required DumpObjectType Type { get; init; }

    public required ObjectName Name { get; init; }

    /// <summary>PostgreSQL: the database that the dump had gone to (\connect), null before it goes to any: names are unique in one of them only.</summary>
    public ByteString? Database { get; init; }

    /// <summary>"shop.public.orders".</summary>
    public string FullName => Database is { } database ? $"{database}.{Name}" : Name.ToString();

    /// <summary>Of a trigger: its table.</summary>
    public ObjectName? Table { get; init; }

    /// <summary>Which input, and where in it, decompressed, its first statement begins.</summary>
    public required int File { get; init; }

    public required long Offset { get; init; }

    public long Rows { get; set; }

    /// <summary>Of the statements that make it and that hold its rows, delimiters included.</summary>
    public long Bytes { get; set; }

    /// <summary>PostgreSQL: indexes, keys and foreign keys that are made by statements of their own.</summary>
    public int Indexes { get; set; }

    /// <summary>MariaDB and MySQL: indexes that ALTER TABLE adds behind the rows, as work (see <see cref="Loading.TableAlteration"/>).</summary>
    public int AddedKeys { get; set; }

    /// <summary>False of a table whose rows alone are in the dump.</summary>
    public bool IsDefined { get; set; }

    /// <summary>Of a table whose definition is in the dump.</summary>
    public TableShape Shape { get; set; }
}

/// <summary>What is in a dump: counted without keeping it.</summary>
public sealed class DumpIndex
{
    private readonly Dictionary<(DumpObjectType, ByteString?, ObjectName), DumpObject> byName = [];
    private ByteString? within;

    private DumpIndex()
    {
    }

    /// <summary>In the order of the dump.</summary>
    public List<DumpObject> Objects { get; } = [];

    public IReadOnlyList<DumpTail> Tails { get; private set; } = [];

    /// <summary>Bytes, decompressed, that were gone through: all, unless an input is cut.</summary>
    public long Bytes { get; private set; }

    /// <summary>PostgreSQL: sequences that belong to a table.</summary>
    public Dictionary<ObjectName, ObjectName> OwnedSequences { get; } = [];

    /// <summary>The sequence and table of PostgreSQL's ALTER SEQUENCE … OWNED BY table.column.</summary>
    internal static (ObjectName Sequence, ObjectName Table)? OwnedSequence(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("ALTER SEQUENCE "u8))
            return null;
        var tokens = new SqlTokens(text, new PostgresLexer());
        tokens.Next();
        tokens.Next();
        tokens.Next();
        if (tokens.TakeName(null) is not { } sequence || !tokens.Take("OWNED"u8) || !tokens.Take("BY"u8))
            return null;
        var parts = new List<ByteString>();
        for (; tokens.IsName || tokens.IsSymbol('.'); tokens.Next())
            if (tokens.IsName)
                parts.Add(tokens.Unquote());
        return parts.Count is 2 or 3 ? (sequence, new(parts.Count == 3 ? parts[0] : null, parts[^2])) : null;
    }

    /// <param name="step">Called now and then, for progress and to stop by an exception.</param>
    public static DumpIndex Read(DumpInput input, DumpReaderOptions? options = null, Action? step = null)
    {
        var index = new DumpIndex();
        var scanner = new StatementScanner(input, options ?? new(), counting: true);
        DumpObject? filled = null;
        long since = 0;
        while (scanner.Next())
        {
            index.Bytes += scanner.Length;
            if ((since += scanner.Length) > 16 << 20)
            {
                since = 0;
                step?.Invoke();
            }
            StatementFacts facts = scanner.Facts;
            if (facts.Kind == StatementKind.Use && input.Dialect == Dialect.Postgres)
                (index.within, filled) = (scanner.Database, null);
            if (facts.Kind is StatementKind.Insert or StatementKind.Copy)
            {
                // The rows of a table mostly come together.
                if (filled is null || facts.Name != filled.Name)
                    filled = index.Get(DumpObjectType.Table, facts.Name!.Value, null, scanner);
                filled.Rows += scanner.Rows;
                filled.Bytes += scanner.Length;
            }
            else if (facts.Kind is StatementKind.CreateIndex or StatementKind.AddForeignKey && facts.Table is { } table)
            {
                if (index.byName.TryGetValue((DumpObjectType.Table, index.within, table), out DumpObject? indexed))
                    indexed.Indexes++;
            }
            else if (facts.Kind == StatementKind.AlterTable && facts.Name is { } altered)
            {
                if (index.byName.TryGetValue((DumpObjectType.Table, index.within, altered), out DumpObject? known))
                    known.AddedKeys += scanner.KeysAdded();
            }
            else if (TypeOf(facts.Kind) is { } type && facts.Name is { } name)
                index.Add(type, name, facts.Table, scanner);
            else if (facts.Kind == StatementKind.Other && input.Dialect == Dialect.Postgres && OwnedSequence(scanner.Text) is var (sequence, owner))
                index.OwnedSequences[sequence] = owner;
            else if (facts.Kind == StatementKind.Use && facts.Name is { } database)
                index.Get(DumpObjectType.Database, database, null, scanner);
        }
        index.Tails = input.Metadata?.Judge(scanner.Tails, index.Objects) ?? scanner.Tails;
        return index;
    }

    private static DumpObjectType? TypeOf(StatementKind kind) => kind switch
    {
        StatementKind.CreateDatabase => DumpObjectType.Database,
        StatementKind.CreateTable => DumpObjectType.Table,
        StatementKind.CreateView => DumpObjectType.View,
        StatementKind.CreateTrigger => DumpObjectType.Trigger,
        StatementKind.CreateRoutine => DumpObjectType.Routine,
        StatementKind.CreateEvent => DumpObjectType.Event,
        StatementKind.CreateSequence => DumpObjectType.Sequence,
        _ => null,
    };

    private void Add(DumpObjectType type, ObjectName name, ObjectName? table, StatementScanner scanner)
    {
        if (type == DumpObjectType.Trigger && name.Qualifier is null && table?.Qualifier is { } schema)
            name = name with { Qualifier = schema };
        // A view may stand in first as a table of its columns, or as a view without content: it is one view.
        if (type == DumpObjectType.View && byName.Remove((DumpObjectType.Table, within, name), out DumpObject? standIn))
            Objects.Remove(standIn);
        // Two triggers of one name can stand on two tables (PostgreSQL), and routines of one name differ in their parameters.
        if (type is DumpObjectType.Trigger or DumpObjectType.Routine)
            byName.Remove((type, within, name));
        DumpObject found = Get(type, name, table, scanner);
        found.Bytes += scanner.Length;
        found.IsDefined = true;
        if (type == DumpObjectType.Table)
            found.Shape = scanner.Shape();
    }

    private DumpObject Get(DumpObjectType type, ObjectName name, ObjectName? table, StatementScanner scanner)
    {
        ByteString? database = type == DumpObjectType.Database ? null : within;
        if (byName.TryGetValue((type, database, name), out DumpObject? known))
            return known;
        var found = new DumpObject { Type = type, Name = name, Database = database, Table = table, File = scanner.File, Offset = scanner.Offset };
        byName.Add((type, database, name), found);
        Objects.Add(found);
        return found;
    }
}
