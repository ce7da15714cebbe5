using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// Which statements of a dump are wanted. Patterns are names, with * and ? for any characters; "shop.orders" names the database
/// (or schema) too. Names are those of the dump, before any renaming.
/// </summary>
public sealed class Selection(LoadOptions options)
{
    private readonly HashSet<string> unmatched = [.. options.Tables, .. options.Databases];

    /// <summary>Patterns of --tables and --databases that no statement fitted so far.</summary>
    public IReadOnlyList<string> Unmatched
    {
        get
        {
            lock (unmatched)
                return [.. unmatched.Order(StringComparer.Ordinal)];
        }
    }

    public bool Wants(DumpStatement statement)
    {
        if (statement.Kind is StatementKind.Set)
            return true;
        ByteString? database = statement.Name?.Qualifier ?? statement.Table?.Qualifier ?? statement.Database;
        if (statement.Kind is StatementKind.Use or StatementKind.CreateDatabase or StatementKind.DropDatabase or StatementKind.AlterDatabase)
            database = statement.Name?.Name;
        if (options.Databases.Count > 0 && database is { } named && !Match(options.Databases, named, null))
            return false;
        if (!FitsContent(statement.Kind))
            return false;
        ObjectName? about = statement.Table ?? statement.Name;
        if (statement.Kind is StatementKind.Use or StatementKind.CreateDatabase or StatementKind.DropDatabase or StatementKind.AlterDatabase)
            return true;
        if (options.Exclude.Count > 0 && about is { } excluded && Match(options.Exclude, excluded.Name, database))
            return false;
        if (options.Tables.Count == 0)
            return true;
        return about is { } object_ && Match(options.Tables, object_.Name, database);
    }

    /// <summary>Whether anything of this object is wanted.</summary>
    public bool Wants(DumpObject found)
    {
        if (found.Type == DumpObjectType.Database)
            return FitsSchema(found.Name.Name);
        return Fits(new(found.Name.Qualifier, (found.Table ?? found.Name).Name));
    }

    public bool FitsSchema(ByteString name) => options.Databases.Count == 0 || Match(options.Databases, name, null);

    /// <summary>Whether the name of a table or other object fits the patterns.</summary>
    public bool Fits(ObjectName about)
    {
        ByteString? database = about.Qualifier;
        if (database is { } named && !FitsSchema(named))
            return false;
        if (options.Exclude.Count > 0 && Match(options.Exclude, about.Name, database))
            return false;
        return options.Tables.Count == 0 || Match(options.Tables, about.Name, database);
    }

    public bool FitsContent(StatementKind kind) => kind switch
    {
        StatementKind.Insert or StatementKind.Copy or StatementKind.Change or StatementKind.SetSequenceValue or StatementKind.RefreshView => !options.SchemaOnly,
        StatementKind.Use => true,
        _ => !options.DataOnly,
    };

    private bool Match(IReadOnlyList<string> patterns, ByteString name, ByteString? database)
    {
        bool any = false;
        foreach (string pattern in patterns)
        {
            bool fits = Fits(pattern, name, database);
            if (fits)
                lock (unmatched)
                    unmatched.Remove(pattern);
            any |= fits;
        }
        return any;
    }

    /// <summary>Whether a name fits a pattern; where the pattern names a database too, in that database.</summary>
    public static bool Fits(string pattern, ByteString name, ByteString? database)
    {
        if (Matches(pattern, name))
            return true;
        // Names may have dots in themselves.
        if (database is { } known)
            for (int dot = pattern.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = pattern.IndexOf('.', dot + 1))
                if (Matches(pattern[..dot], known) && Matches(pattern[(dot + 1)..], name))
                    return true;
        return false;
    }

    private static bool Matches(string pattern, ByteString name) =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\", StringComparison.Ordinal), Encoding.UTF8.GetString(name.Span), ignoreCase: false);
}
