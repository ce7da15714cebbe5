using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// Renames databases and tables in statements, and takes DEFINER clauses out. It changes names where SQL has names, never text,
/// comments or rows. Within the body of a trigger a table is renamed after FROM, JOIN, INTO, UPDATE and TABLE.
/// </summary>
public sealed class StatementRewriter
{
    private static readonly string[] BeforeTable = ["TABLE", "EXISTS", "INTO", "TABLES", "ON", "REFERENCES", "LIKE", "FROM", "JOIN", "UPDATE", "REPLACE", "SEQUENCE", "VIEW", "IGNORE"];

    private readonly Dictionary<string, string> databases = new(StringComparer.Ordinal);
    private readonly Dictionary<(string? Database, string Table), string> tables = [];
    private readonly bool dropDefiners;

    /// <param name="renames">Of which it isn't known whether they mean a database mean tables.</param>
    public StatementRewriter(IEnumerable<(RenamedName Old, string New)> renames, bool dropDefiners)
    {
        this.dropDefiners = dropDefiners;
        foreach ((RenamedName old, string changed) in renames)
            if (old.Type is RenamedType.Database or RenamedType.Schema)
                databases[Text(old.Name.Name)] = changed;
            else
                tables[(old.Name.Qualifier is { } database ? Text(database) : null, Text(old.Name.Name))] = changed;
    }

    /// <summary>Whether a statement of this kind may have to change at all.</summary>
    public bool Concerns(StatementKind kind) =>
        databases.Count + tables.Count > 0
        || (dropDefiners && kind is StatementKind.CreateView or StatementKind.CreateTrigger or StatementKind.CreateRoutine or StatementKind.CreateEvent);

    /// <summary>The name on the server of what the dump calls so.</summary>
    public ObjectName Map(ObjectName name)
    {
        string text = Text(name.Name);
        string? database = name.Qualifier is { } qualifier ? Text(qualifier) : null;
        ByteString? newDatabase = database is not null && databases.TryGetValue(database, out string? changed) ? ByteString.FromText(changed) : name.Qualifier;
        return new(newDatabase, NewTable(database, text) is { } renamed ? ByteString.FromText(renamed) : name.Name);
    }

    /// <summary>Of a trigger: it goes with its table.</summary>
    public ObjectName MapTrigger(ObjectName name, ObjectName table)
    {
        ObjectName mapped = Map(name);
        string? database = name.Qualifier is { } qualifier ? Text(qualifier) : null;
        return NewTable(database, Text(table.Name)) is { } changed ? mapped with { Name = ByteString.FromText(Beside(Text(name.Name), changed)) } : mapped;
    }

    public ByteString Map(ByteString database) => databases.TryGetValue(Text(database), out string? changed) ? ByteString.FromText(changed) : database;

    /// <summary>The statement as it is to be sent, with its names mapped; the same one where nothing changes.</summary>
    public DumpStatement Rewrite(DumpStatement statement, SessionState session)
    {
        bool hasDefiner = dropDefiners && statement.Kind is StatementKind.CreateView or StatementKind.CreateTrigger or StatementKind.CreateRoutine or StatementKind.CreateEvent;
        if (!Concerns(statement.Kind))
            return statement;
        // Of rows only the head has names, and it is short.
        int head = statement.Kind == StatementKind.Insert ? HeadLength(statement.Text.Span, session) : statement.Text.Length;
        ReadOnlyMemory<byte> text = statement.Text;
        byte[] changed = Change(text.Span[..head], statement, session, hasDefiner);
        return new()
        {
            Kind = statement.Kind,
            File = statement.File,
            Offset = statement.Offset,
            Length = statement.Length,
            Line = statement.Line,
            Name = statement.Name is { } name ? statement.Kind is StatementKind.CreateTrigger or StatementKind.DropTrigger && statement.Table is { } owner ? MapTrigger(name, owner) : statement.Kind is StatementKind.Use or StatementKind.CreateDatabase or StatementKind.DropDatabase or StatementKind.AlterDatabase
                ? new(null, Map(name.Name)) : Map(name) : null,
            Table = statement.Table is { } table ? Map(table) : null,
            Database = statement.Database is { } database ? Map(database) : null,
            Text = head == text.Length ? changed : (byte[])[.. changed, .. text.Span[head..]],
            Rows = statement.Rows,
            IsFirstPiece = statement.IsFirstPiece,
            IsLastPiece = statement.IsLastPiece,
            HasRest = statement.HasRest,
            InsertVerb = statement.InsertVerb,
            Release = statement.Release,
        };
    }

    private byte[] Change(ReadOnlySpan<byte> sql, DumpStatement statement, SessionState session, bool hasDefiner)
    {
        string? database = statement.Database is { } current ? Text(current) : null;
        bool namesDatabase = statement.Kind is StatementKind.Use or StatementKind.CreateDatabase or StatementKind.DropDatabase or StatementKind.AlterDatabase;
        List<StatementToken> tokens = StatementTokens.Read(sql, session.Lexer());
        var result = new MemoryStream(sql.Length + 64);
        int copied = 0;
        bool definerGone = false;
        for (int i = 0; i < tokens.Count; i++)
        {
            StatementToken token = tokens[i];
            if (hasDefiner && !definerGone && token.Is(sql, "DEFINER") && i + 1 < tokens.Count && tokens[i + 1].Is(sql, '='))
            {
                int end = EndOfAccount(sql, tokens, i + 2);
                result.Write(sql[copied..token.Start]);
                copied = end;
                definerGone = true;
                continue;
            }
            if (!token.IsName)
                continue;
            byte[] identifier = token.Identifier(sql);
            string name = Encoding.UTF8.GetString(identifier);
            bool isQualifier = i + 1 < tokens.Count && tokens[i + 1].Is(sql, '.');
            bool isQualified = i > 1 && tokens[i - 1].Is(sql, '.');
            string? newName = null;
            if ((isQualifier && !isQualified) || (namesDatabase && i > 0 && token.Kind == TokenKind.QuotedName))
            {
                newName = databases.GetValueOrDefault(name) ?? (isQualifier ? NewTable(database, name) : null);
            }
            else if (isQualified)
            {
                string qualifier = Encoding.UTF8.GetString(tokens[i - 2].Identifier(sql));
                newName = qualifier == database ? NewTable(database, name) : tables.GetValueOrDefault((qualifier, name));
            }
            else if (i > 0 && IsBeforeTable(sql, tokens[PreviousWord(tokens, i)]))
            {
                newName = NewTable(database, name);
            }
            else if (IsNameOfRenamed(statement, sql, tokens, i, database, name, out string? unique))
            {
                // Constraints and triggers have names of their own in a database: beside the living table they need others.
                newName = unique;
            }
            if (newName is null)
                continue;
            result.Write(sql[copied..token.Start]);
            result.Write(Sql.QuoteName(ByteString.FromText(newName)));
            copied = token.End;
        }
        result.Write(sql[copied..]);
        return result.ToArray();
    }

    private static bool IsBeforeTable(ReadOnlySpan<byte> sql, StatementToken token)
    {
        foreach (string word in BeforeTable)
            if (token.Is(sql, word))
                return true;
        return false;
    }

    private static int PreviousWord(List<StatementToken> tokens, int at)
    {
        int before = at - 1;
        while (before > 0 && tokens[before].Kind is TokenKind.ConditionalStart or TokenKind.ConditionalEnd)
            before--;
        return before;
    }

    private bool IsNameOfRenamed(DumpStatement statement, ReadOnlySpan<byte> sql, List<StatementToken> tokens, int at, string? database, string name, out string? unique)
    {
        unique = null;
        ObjectName? table = statement.Kind == StatementKind.CreateTrigger ? statement.Table : statement.Name;
        if (at == 0 || table is not { } owner || NewTable(database, Text(owner.Name)) is not { } changed)
            return false;
        StatementToken before = tokens[PreviousWord(tokens, at)];
        bool isConstraint = statement.Kind is StatementKind.CreateTable or StatementKind.AlterTable && before.Is(sql, "CONSTRAINT");
        if (!isConstraint && !(statement.Kind == StatementKind.CreateTrigger && before.Is(sql, "TRIGGER")))
            return false;
        unique = Beside(name, changed);
        return true;
    }

    /// <summary>The name, unique in its database, of something that belongs to a renamed table.</summary>
    private static string Beside(string name, string newTable)
    {
        string unique = $"{name}_{newTable}";
        return unique.Length <= 64 ? unique
            : $"{name[..Math.Min(name.Length, 32)]}_{Convert.ToHexStringLower(Sha256.Hash(Encoding.UTF8.GetBytes(unique)))[..16]}";
    }

    private string? NewTable(string? database, string table) =>
        database is not null && tables.TryGetValue((database, table), out string? qualified) ? qualified : tables.GetValueOrDefault((null, table));

    private static int HeadLength(ReadOnlySpan<byte> sql, SessionState session)
    {
        foreach (StatementToken token in StatementTokens.Read(sql[..Math.Min(sql.Length, 64 << 10)], session.Lexer()))
            if (token.Is(sql, "VALUES") || token.Is(sql, "VALUE"))
                return token.Start;
        return sql.Length;
    }

    /// <summary>DEFINER=`user`@`host`, DEFINER=CURRENT_USER(), DEFINER=role.</summary>
    private static int EndOfAccount(ReadOnlySpan<byte> sql, List<StatementToken> tokens, int at)
    {
        int end = at;
        if (end + 2 < tokens.Count && tokens[end + 1].Is(sql, '@'))
            end += 2;
        else if (end + 2 < tokens.Count && tokens[end + 1].Is(sql, '(') && tokens[end + 2].Is(sql, ')'))
            end += 2;
        return tokens[Math.Min(end, tokens.Count - 1)].End;
    }

    private static string Text(ByteString name) => Encoding.UTF8.GetString(name.Span);
}
