using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Tokens = Jumpbag.Databases.Dumps.Scanning.SqlTokens;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>
/// Renames databases, schemas and tables where SQL has names, as pg_dump writes them: always with their schema. Indexes, constraints and sequences
/// whose names begin with a renamed table's, as PostgreSQL names them by itself, change with it, since a schema can have them once only.
/// Where a name can't be changed rightly the statement is refused; the bodies of routines, which are text, stay as they are, and that is told.
/// </summary>
internal sealed class PostgresRewriter
{
    private readonly Dictionary<ByteString, ByteString> databases = [], schemas = [];
    private readonly Dictionary<(ByteString? Schema, ByteString Table), ByteString> tables = [];
    private readonly Dictionary<(ByteString Schema, ByteString Name), ByteString> dependents = [];
    private readonly LoadReport report;

    /// <exception cref="UnsupportedException">It isn't known what one of them is.</exception>
    public PostgresRewriter(IEnumerable<(RenamedName Old, string New)> renames, LoadReport report)
    {
        this.report = report;
        foreach (((RenamedType type, ObjectName old), string changed) in renames)
        {
            ByteString name = ByteString.FromArgument(changed);
            if (type == RenamedType.Unknown)
                throw new UnsupportedException($"--rename {old}: whether that is a database, a schema or a table of a dump that comes through a pipe is not known", "name a table as schema.table, or load the file itself");
            if (type == RenamedType.Database)
                databases[old.Name] = name;
            else if (type == RenamedType.Schema)
                schemas[old.Name] = name;
            else
                tables[(old.Qualifier, old.Name)] = name;
        }
    }

    private bool IsIdle => databases.Count + schemas.Count + tables.Count == 0;

    /// <summary>The name on the server of what the dump calls so.</summary>
    public ObjectName Map(ObjectName name) =>
        name.Qualifier is { } schema ? new(schemas.GetValueOrDefault(schema, schema), Table(schema, name.Name) ?? name.Name) : name;

    public ByteString MapDatabase(ByteString name) => databases.GetValueOrDefault(name, name);

    public ByteString MapSchema(ByteString name) => schemas.GetValueOrDefault(name, name);

    public DumpStatement Rewrite(DumpStatement statement, Subject subject)
    {
        if (IsIdle || statement.Kind is StatementKind.Set or StatementKind.Use or StatementKind.Begin or StatementKind.Commit)
            return statement;
        if (statement is { Kind: StatementKind.CreateTable or StatementKind.Copy or StatementKind.Insert, Name.Qualifier: null })
            throw Refused(statement, "the dump names tables without their schema");
        ReadOnlyMemory<byte> text = statement.Text;
        if (statement.IsRest)
            return statement.With(Renamed(statement.Name, null), null, text);
        // Of rows only the head has names.
        int head = statement.Kind == StatementKind.Insert ? InsertHead.Parse(text.Span, new PostgresLexer(), null, out _)?.Length ?? text.Length : text.Length;
        ObjectName? owner = statement.Table ?? subject.Table ?? subject.Name;
        if (subject is { Verb: "CREATE", Type: "SEQUENCE", Name: { Qualifier: { } within, Name: var sequence } })
            Register(within, sequence);
        else if (statement is { Kind: StatementKind.CreateIndex, Name: { } index, Table.Qualifier: { } schema })
            Register(schema, index.Name);
        bool namesDatabase = databases.Count > 0 && (subject.Type is "DATABASE" or "ROLE" || statement.Kind is StatementKind.CreateDatabase or StatementKind.AlterDatabase or StatementKind.DropDatabase);
        byte[] changed = Change(text.Span[..head], statement, owner?.Qualifier, namesDatabase);
        return statement.With(Renamed(statement.Name, statement.Table), statement.Table is { } table ? Map(table) : null,
            head == text.Length ? changed : (byte[])[.. changed, .. text.Span[head..]]);
    }

    private ObjectName? Renamed(ObjectName? name, ObjectName? table) =>
        name is not { } known ? null
        : table is { Qualifier: { } schema } && dependents.TryGetValue((schema, known.Name), out ByteString changed) ? Map(known) with { Name = changed }
        : Map(known);

    /// <summary>The new name of a table, or of an index, constraint or sequence of one; null where it stays.</summary>
    private ByteString? Table(ByteString schema, ByteString name) =>
        tables.TryGetValue((schema, name), out ByteString changed) || tables.TryGetValue((null, name), out changed) || dependents.TryGetValue((schema, name), out changed) ? changed : null;

    private void Register(ByteString schema, ByteString name)
    {
        foreach (((ByteString? of, ByteString table), ByteString changed) in tables)
            if ((of is null || of == schema) && name.Length > table.Length && name.Span.StartsWith(table.Span) && name.Span[table.Length] == (byte)'_')
                dependents[(schema, name)] = ByteString.Own([.. changed.Span, .. name.Span[table.Length..]]);
    }

    private byte[] Change(ReadOnlySpan<byte> sql, DumpStatement statement, ByteString? schemaOfOwner, bool namesDatabase)
    {
        var result = new MemoryStream(sql.Length + 64);
        int copied = 0;
        bool changedTable = false, isDatabase = false;
        ByteString? loose = null;
        ReadOnlySpan<byte> before = default, twoBefore = default;
        var tokens = new Tokens(sql, new PostgresLexer());
        for (tokens.Next(); tokens.Kind != TokenKind.End;)
        {
            if (tokens.Kind == TokenKind.Text)
            {
                bool isArgument = Is(before, "("u8) && (Is(twoBefore, "nextval"u8) || Is(twoBefore, "setval"u8) || Is(twoBefore, "currval"u8));
                byte[] literal = Literal(tokens.Current, statement.Kind, isArgument || IsCastToRelation(tokens));
                result.Write(sql[copied..tokens.Start]);
                result.Write(literal);
                copied = tokens.Position;
            }
            if (!tokens.IsName)
            {
                twoBefore = before;
                before = tokens.Current;
                tokens.Next();
                continue;
            }
            ByteString first = tokens.Unquote();
            ReadOnlySpan<byte> word = tokens.Current;
            int start = tokens.Start, end = tokens.Position;
            tokens.Next();
            ObjectName? renamed = null;
            if (tokens.IsSymbol('.'))
            {
                tokens.Next();
                if (!tokens.IsName)
                    continue;
                ByteString second = tokens.Unquote();
                word = tokens.Current;
                end = tokens.Position;
                if (Is(before, "NAME"u8) && Is(twoBefore, "SEQUENCE"u8))
                    Register(first, second);
                if (Table(first, second) is { } table)
                {
                    renamed = new(schemas.GetValueOrDefault(first, first), table);
                    changedTable |= !dependents.ContainsKey((first, second));
                }
                else if (schemas.TryGetValue(first, out ByteString schema))
                    renamed = new(schema, second);
                else if (tables.Keys.Any(known => known.Table == first))
                    loose = first;
                tokens.Next();
                // What stands behind schema.table is a column.
                if (tokens.TakeSymbol('.'))
                    tokens.Next();
            }
            else if (isDatabase && !Is(word, "IF"u8) && !Is(word, "NOT"u8) && !Is(word, "EXISTS"u8))
            {
                renamed = databases.TryGetValue(first, out ByteString database) ? new(null, database) : null;
                isDatabase = false;
            }
            else if (Is(before, "SCHEMA"u8) || (Is(before, "EXISTS"u8) && Is(twoBefore, "SCHEMA"u8)))
                renamed = schemas.TryGetValue(first, out ByteString schema) ? new(null, schema) : null;
            else if (schemaOfOwner is { } within && (Is(before, "CONSTRAINT"u8) || Is(before, "INDEX"u8) || Is(before, "ON"u8)))
                renamed = dependents.TryGetValue((within, first), out ByteString dependent) ? new(null, dependent) : null;
            isDatabase |= namesDatabase && Is(word, "DATABASE"u8);
            if (renamed is { } put)
            {
                result.Write(sql[copied..start]);
                result.Write(PostgresSql.Join(put));
                copied = end;
            }
            twoBefore = before;
            before = word;
        }
        if (changedTable && loose is { } column)
            throw Refused(statement, $"it names columns of {column} by the table's name");
        result.Write(sql[copied..]);
        return result.ToArray();
    }

    /// <summary>'schema.name' of nextval, setval and regclass is a name; what else mentions a renamed one is text.</summary>
    private byte[] Literal(ReadOnlySpan<byte> literal, StatementKind kind, bool isName)
    {
        var text = new Tokens(literal, new PostgresLexer());
        text.Next();
        ByteString content = literal[0] == (byte)'\'' ? text.Unquote() : new(literal);
        var inner = new Tokens(content.Span, new PostgresLexer());
        inner.Next();
        if (isName && inner.TakeName(null) is { Qualifier: not null } name && inner.Kind == TokenKind.End && Map(name) != name)
            return PostgresSql.Literal(PostgresSql.Join(Map(name)));
        if (kind == StatementKind.CreateRoutine && schemas.Keys.Concat(tables.Keys.Select(table => table.Table)).Any(old => content.Span.IndexOf(old.Span) >= 0))
            report.LeaveOut("--rename in the bodies of routines: they name what was renamed as before");
        return literal.ToArray();
    }

    /// <summary>Whether ::regclass follows.</summary>
    private static bool IsCastToRelation(Tokens tokens)
    {
        tokens.Next();
        return tokens.TakeSymbol(':') && tokens.TakeSymbol(':') && tokens.TakeName(null) is { } type && type.Name.Span.SequenceEqual("regclass"u8);
    }

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> keyword) => Ascii.EqualsIgnoreCase(word, keyword);

    private static UnsupportedException Refused(DumpStatement statement, string why) =>
        new($"--rename: {LoadReport.Describe(statement, why)}", "leave it out with --exclude, or load under the old names into a database of its own");
}
