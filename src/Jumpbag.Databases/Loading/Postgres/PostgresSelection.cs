using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Tokens = Jumpbag.Databases.Dumps.Scanning.SqlTokens;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>
/// Which statements are wanted. What belongs to a table goes with it: its indexes, triggers, comments, privileges, and the sequences
/// that its columns own. Of --tables only relations are taken, in the schemas that they need. --databases are those that the dump goes
/// to (\connect), or in a dump that goes to none its schemas.
/// </summary>
internal sealed class PostgresSelection(LoadOptions options)
{
    private static readonly string[] OutsideOfSchemas = ["EXTENSION", "PUBLICATION", "SUBSCRIPTION", "EVENT TRIGGER", "LANGUAGE", "SERVER", "FOREIGN SERVER", "FOREIGN DATA WRAPPER", "USER MAPPING", "CAST", "TRANSFORM", "ACCESS METHOD", "PRIVILEGES"];
    private static readonly string[] OfCluster = ["ROLE", "USER", "GROUP", "TABLESPACE", "PARAMETER"];

    private readonly Selection bySchema = new(options), inDatabase = new(options with { Databases = [] });
    private readonly Dictionary<ObjectName, ObjectName> ownerOf = [];
    private readonly Dictionary<ObjectName, List<DumpStatement>> sequences = [];
    private readonly Dictionary<Core.ByteString, DumpStatement> schemas = [];

    private bool isInDatabase;

    public IEnumerable<string> Unmatched => bySchema.Unmatched.Where(pattern => options.Databases.Contains(pattern) || inDatabase.Unmatched.Contains(pattern));

    private Selection Current => isInDatabase ? inDatabase : bySchema;

    private bool IsBySchema => !isInDatabase && options.Databases.Count > 0;

    private bool HasTables => options.Tables.Count > 0;

    private bool IsPartial => HasTables || options.Exclude.Count > 0;

    public bool Wants(DumpObject found) =>
        found.Type == DumpObjectType.Database ? bySchema.FitsSchema(found.Name.Name)
        : !(HasTables && found.Type is DumpObjectType.Sequence or DumpObjectType.Routine)
            && (found.Database is { } database ? bySchema.FitsSchema(database) && inDatabase.Wants(found) : bySchema.Wants(found));

    /// <summary>The dump goes to a database: whether anything of it is wanted.</summary>
    public bool Enter(Core.ByteString database)
    {
        isInDatabase = true;
        ownerOf.Clear();
        sequences.Clear();
        schemas.Clear();
        return bySchema.FitsSchema(database);
    }

    /// <summary>
    /// The statements to be run now: this one, or none, or those too that had to wait until it was known whether they are wanted.
    /// Those that are not wanted are released.
    /// </summary>
    public IEnumerable<DumpStatement> Choose(DumpStatement statement, Subject subject)
    {
        Follow(statement, subject);
        if (statement.Kind is StatementKind.Set or StatementKind.Use or StatementKind.Begin or StatementKind.Commit)
            return [statement];
        if (!IsWantedContent(statement.Kind, subject))
            return Drop(statement);
        if (subject.Type == "DATABASE" || statement.Kind is StatementKind.CreateDatabase or StatementKind.AlterDatabase)
            return (!HasTables || subject.Verb == "CREATE") && (subject.Name is not { } database || bySchema.FitsSchema(database.Name)) ? [statement] : Drop(statement);
        if (IsLargeObject(subject))
            return HasTables || IsBySchema ? Drop(statement) : [statement];
        if (subject.Type == "SCHEMA")
            return Schema(statement, subject);
        if (HasTables && subject.Type == "SEQUENCE" && subject.Name is { } sequence && !Current.Fits(sequence) && !ownerOf.ContainsKey(sequence))
        {
            if (!sequences.TryGetValue(sequence, out List<DumpStatement>? waiting))
                sequences.Add(sequence, waiting = []);
            waiting.Add(statement);
            return [];
        }
        if (!Fits(statement, subject))
            return Drop(statement);
        var chosen = new List<DumpStatement>();
        if (subject.Schema is { } within && schemas.Remove(within, out DumpStatement? create))
            chosen.Add(create);
        if (subject.Name is { } owned && sequences.Remove(owned, out List<DumpStatement>? waited))
            chosen.AddRange(waited);
        chosen.Add(statement);
        return chosen;
    }

    /// <summary>A sequence was made before it could be known that it belongs to a table that is not wanted.</summary>
    public bool IsToBeUndone(Subject subject) =>
        !HasTables && options.Exclude.Count > 0 && subject is { Verb: "ALTER", Type: "SEQUENCE", Other: { } table } && !Current.Fits(table);

    private void Follow(DumpStatement statement, Subject subject)
    {
        if (!IsPartial)
            return;
        if (subject is { Type: "SEQUENCE", Name: { } sequence, Other: { } owner })
            ownerOf[sequence] = owner;
        else if (statement.Kind == StatementKind.CreateIndex && statement is { Name: { } index, Table: { Qualifier: var schema } table })
            ownerOf[new(schema, index.Name)] = table;
        else if (statement.Kind == StatementKind.AlterTable && statement.Name is { } altered && IdentitySequence(statement.Text.Span) is { } identity)
            ownerOf[identity] = altered;
    }

    private bool Fits(DumpStatement statement, Subject subject)
    {
        ObjectName? about = statement.Table ?? (statement.Kind is StatementKind.Insert or StatementKind.Copy or StatementKind.Change or StatementKind.SetSequenceValue ? statement.Name : subject.Table ?? subject.Name);
        if (about is not { } name)
            return !HasTables && !IsBySchema;
        if (((HasTables || IsBySchema) && OutsideOfSchemas.Contains(subject.Type)) || ((HasTables || options.Databases.Count > 0) && OfCluster.Contains(subject.Type)))
            return false;
        return Current.Fits(ownerOf.GetValueOrDefault(name, name)) && (subject.Other is not { } other || Current.Fits(ownerOf.GetValueOrDefault(other, other)));
    }

    private IEnumerable<DumpStatement> Schema(DumpStatement statement, Subject subject)
    {
        if (subject.Name is not { } name || !Current.FitsSchema(name.Name))
            return Drop(statement);
        if (!HasTables)
            return [statement];
        if (subject.Verb != "CREATE")
            return Drop(statement);
        schemas[name.Name] = statement;
        return [];
    }

    private bool IsWantedContent(StatementKind kind, Subject subject) =>
        IsLargeObject(subject) ? !options.SchemaOnly : Current.FitsContent(kind);

    private static bool IsLargeObject(Subject subject) => subject.Verb == "LARGE OBJECT" || subject.Type == "LARGE OBJECT";

    private static DumpStatement[] Drop(DumpStatement statement)
    {
        statement.Release?.Invoke();
        return [];
    }

    /// <summary>ALTER TABLE … ADD GENERATED … AS IDENTITY (SEQUENCE NAME s …)</summary>
    private static ObjectName? IdentitySequence(ReadOnlySpan<byte> text)
    {
        var tokens = new Tokens(text, new PostgresLexer());
        for (tokens.Next(); tokens.Kind != TokenKind.End; tokens.Next())
            while (tokens.Take("SEQUENCE"u8))
                if (tokens.Take("NAME"u8))
                    return tokens.TakeName(null);
        return null;
    }
}
