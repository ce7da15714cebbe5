using System.Text.RegularExpressions;
using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>
/// The files of mydumper: one for each database, table, part of a table's rows, view and so on. Only their names tell what they belong
/// to and in which order they are to be loaded.
/// </summary>
/// <remarks>https://mydumper.github.io/mydumper/docs/html/files.html</remarks>
public sealed partial class Mydumper
{
    private static readonly string[] Extensions = [".sql", ".sql.gz", ".sql.zst", ".sql.xz", ".sql.bz2"];

    /// <summary>What is made of the tables is made with the server's time zone, not with that of the rows.</summary>
    private const string Afterwards = "SET time_zone=@@GLOBAL.time_zone";

    private readonly List<(string Path, string? Database, string? Table, Role Role)> parts;

    private Mydumper(List<(string Path, string? Database, string? Table, Role Role)> parts, MydumperMetadata? metadata) => (this.parts, Metadata) = (parts, metadata);

    private enum Role
    {
        Database,
        Table,
        Rows,
        View,
        Triggers,
        Routines,
    }

    /// <summary>What mydumper noted of the whole; null where single files were named, and where there is none.</summary>
    public MydumperMetadata? Metadata { get; }

    /// <summary>The files of a folder, or those that were named, if mydumper wrote them; else null.</summary>
    /// <exception cref="JumpbagException">It is a dump of mydumper that is not whole, or that holds what can't be read.</exception>
    public static Mydumper? Recognise(IReadOnlyList<string> paths)
    {
        bool isFolder = paths.Count == 1 && Directory.Exists(paths[0]);
        string[] files = isFolder ? [.. Directory.GetFiles(paths[0]).Order(StringComparer.Ordinal)] : [.. paths];
        HashSet<string> stems = [.. files.Select(Stem).OfType<string>()];
        if (!stems.Any(stem => stem.EndsWith("-schema", StringComparison.Ordinal) || stem.EndsWith("-schema-create", StringComparison.Ordinal)))
            return null;
        string[] databases = [.. stems.Where(stem => stem.EndsWith("-schema-create", StringComparison.Ordinal)).Select(stem => stem[..^"-schema-create".Length])];
        var parts = new List<(string Path, string? Database, string? Table, Role Role)>();
        foreach (string path in files)
        {
            if (Stem(path) is { } stem && Place(stem, stems, databases) is { } place)
                parts.Add((path, place.Database, place.Table, place.Role));
            else if (!isFolder)
                return null;
            else if (!IsBeside(Path.GetFileName(path)))
                throw new UnsupportedException($"{path}: is none of the files of mydumper that can be loaded", "if it is no part of the dump, move it away; rows in .dat or .csv files are for myloader");
        }
        // A table's rows follow its definition, so that indexes can be put off until they are in.
        parts.Sort(Compare);
        return new(parts, isFolder ? MydumperMetadata.Read(paths[0]) : null);
    }

    /// <summary>Opens the files, each with the statements that must stand before it.</summary>
    /// <param name="intoOne">Into the database in which the session is, rather than into those that the files' names tell.</param>
    public List<DumpFile> Open(bool intoOne)
    {
        string?[] databases = [.. parts.Select(part => part.Database).Distinct()];
        if (intoOne && databases.Length > 1)
            throw new UsageException($"the dump has {databases.Length} databases ({string.Join(", ", databases)}), and the address names one", "leave the database out of the address; --databases chooses");
        var files = new List<DumpFile>();
        try
        {
            var names = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach ((string path, string? database, _, Role role) in parts)
            {
                if (intoOne && role == Role.Database)
                    continue;
                // A name that no file could have is replaced by another; then the definition tells.
                if (role == Role.Database)
                    names[database!] = NameIn(path) ?? database!;
                DumpFile file = DumpFile.Open(path);
                files.Add(file);
                string use = $"USE `{names.GetValueOrDefault(database!, database!).Replace("`", "``", StringComparison.Ordinal)}`";
                file.Opening = [.. intoOne || role == Role.Database ? (string[])[] : [use], .. role >= Role.View ? (string[])[Afterwards] : []];
            }
            return files;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private static int Compare((string Path, string? Database, string? Table, Role Role) a, (string Path, string? Database, string? Table, Role Role) b)
    {
        int order = (a.Role == Role.Rows ? Role.Table : a.Role).CompareTo(b.Role == Role.Rows ? Role.Table : b.Role);
        order = order != 0 ? order : string.CompareOrdinal(a.Database, b.Database);
        order = order != 0 ? order : string.CompareOrdinal(a.Table, b.Table);
        order = order != 0 ? order : a.Role.CompareTo(b.Role);
        return order != 0 ? order : string.CompareOrdinal(a.Path, b.Path);
    }

    private static string? Stem(string path)
    {
        string name = Path.GetFileName(path);
        return Extensions.FirstOrDefault(extension => name.EndsWith(extension, StringComparison.Ordinal)) is { } found ? name[..^found.Length] : null;
    }

    private static (string Database, string? Table, Role Role)? Place(string stem, HashSet<string> stems, string[] databases)
    {
        if (Without("-schema-create") is { } created)
            return (created, null, Role.Database);
        if (Without("-schema-post") is { } post)
            return (post, null, Role.Routines);
        if (Without("-schema-triggers") is { } triggers)
            return databases.Contains(triggers) ? (triggers, null, Role.Triggers) : In(triggers, Role.Triggers);
        if (Without("-schema-view") is { } view)
            return In(view, Role.View);
        if (Without("-schema-sequence") is { } sequence)
            return In(sequence, Role.Table);
        // A table may be called so that its rows look like a definition; then its definition is there.
        if (Without("-schema") is { } table && !stems.Contains(stem + "-schema"))
            return In(table, Role.Table);
        return In(Chunk().Replace(stem, ""), Role.Rows);

        string? Without(string end) => stem.Length > end.Length && stem.EndsWith(end, StringComparison.Ordinal) ? stem[..^end.Length] : null;

        (string Database, string? Table, Role Role)? In(string name, Role role)
        {
            string? database = databases.Where(known => name.StartsWith(known + ".", StringComparison.Ordinal)).MaxBy(known => known.Length);
            int dot = database?.Length ?? name.IndexOf('.', StringComparison.Ordinal);
            return dot > 0 && dot < name.Length - 1 ? (name[..dot], name[(dot + 1)..], role) : null;
        }
    }

    private static bool IsBeside(string name) =>
        name.StartsWith("metadata", StringComparison.Ordinal) || name.EndsWith("-metadata", StringComparison.Ordinal) || name.Contains("-checksum", StringComparison.Ordinal) || name.EndsWith(".log", StringComparison.Ordinal);

    private static string? NameIn(string path)
    {
        using var reader = new DumpReader(DumpInput.Of([DumpFile.Open(path)], Dialect.MariaDb));
        while (reader.Read() is { } statement)
            if (statement is { Kind: StatementKind.CreateDatabase, Name: { } name })
                return name.Name.ToArgument();
        return null;
    }

    [GeneratedRegex(@"(?:\.\d{5,}){1,2}$")]
    private static partial Regex Chunk();
}
