using System.Text;
using Jumpbag.Core;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Jumpbag.Host.Configuration;

/// <summary>The one configuration file, TOML (https://toml.io/en/v1.0.0).</summary>
public static class ConfigurationFile
{
    private const int MostBytes = 4 << 20, MostDepth = 16;

    /// <summary>Where it is looked for when none is named: $XDG_CONFIG_HOME/jumpbag/jumpbag.toml (or ~/.config/…), then /etc/jumpbag.toml.</summary>
    public static IReadOnlyList<string> Places { get; } =
    [
        Path.Combine(Variable("XDG_CONFIG_HOME") ?? Path.Combine(Variable("HOME") ?? "/", ".config"), "jumpbag", "jumpbag.toml"),
        "/etc/jumpbag.toml",
    ];

    /// <summary>The one that is named, or the first that is there; null where none is.</summary>
    /// <exception cref="JumpbagException">The one that is named is not there, or one cannot be read or has a mistake.</exception>
    public static ConfigTable? Find(string? named) =>
        (named ?? Variable("JUMPBAG_CONFIG") ?? Places.FirstOrDefault(File.Exists)) is { } path ? Read(path) : null;

    /// <exception cref="JumpbagException">It cannot be read, or has a mistake.</exception>
    public static ConfigTable Read(string path)
    {
        try
        {
            var info = new FileInfo(path);
            if (info.Exists && info.Length > MostBytes)
                throw new UsageException($"{path}: has {ByteSize.Format(info.Length)}, and is no configuration");
            return Parse(File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NotFoundException($"{path}: there is no such configuration", "jumpbag backup init --config FILE writes one with comments");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: the configuration cannot be read: {e.Message}", null, e);
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"{path}: is not UTF-8");
        }
    }

    /// <param name="path">For messages.</param>
    public static ConfigTable Parse(string text, string path)
    {
        try
        {
            // This one finds what stands twice; that one below gives the values with their lines.
            DiagnosticsBag found = SyntaxParser.Parse(text, path, validate: true).Diagnostics;
            foreach (DiagnosticMessage message in found)
                if (message.Kind == DiagnosticMessageKind.Error)
                    throw Mistake(path, message.Span.Start.Line + 1, message.Message, $"the line is: {text.Split('\n').ElementAtOrDefault(message.Span.Start.Line)?.Trim()}");
            TomlParser events = TomlParser.Create(text, new TomlParserOptions { DecodeScalars = true, EagerStringValues = true });
            while (events.MoveNext())
                if (events.Current.Kind == TomlParseEventKind.StartTable)
                    return Fill(new(path, "", 0), events, 0);
            return new(path, "", 0);
        }
        catch (TomlException e)
        {
            throw new UsageException($"{path}: {e.Message.Split('\n')[0].TrimEnd()}");
        }
    }

    /// <summary>Parts of a table may stand in several places of the file: [a.x], [b], [a.y].</summary>
    private static ConfigTable Fill(ConfigTable table, TomlParser events, int depth)
    {
        if (depth > MostDepth)
            throw Mistake(table.Path, table.Line, "tables are nested too deeply");
        while (events.MoveNext() && events.Current.Kind != TomlParseEventKind.EndTable)
        {
            string key = events.GetPropertyName() ?? "", name = table.Name.Length == 0 ? key : $"{table.Name}.{key}";
            int line = events.Current.Line;
            events.MoveNext();
            if (events.Current.Kind == TomlParseEventKind.StartTable && table.Begun(key) is { } begun)
                Fill(begun, events, depth + 1);
            else if (events.Current.Kind == TomlParseEventKind.StartTable)
                table.Add(key, Fill(new(table.Path, name, line), events, depth + 1), line);
            else
                table.Add(key, Value(events, table.Path, name, line, depth + 1), line);
        }
        return table;
    }

    private static object Value(TomlParser events, string path, string name, int line, int depth)
    {
        switch (events.Current.Kind)
        {
            case TomlParseEventKind.StartTable:
                return Fill(new(path, name, line), events, depth);
            case TomlParseEventKind.StartArray when depth > MostDepth:
                throw Mistake(path, line, "lists are nested too deeply");
            case TomlParseEventKind.StartArray:
                var items = new List<object>();
                while (events.MoveNext() && events.Current.Kind != TomlParseEventKind.EndArray)
                    items.Add(Value(events, path, name, line, depth + 1));
                return items;
            case TomlParseEventKind.Integer:
                return events.Current.GetInt64();
            case TomlParseEventKind.Float:
                return events.Current.GetDouble();
            case TomlParseEventKind.Boolean:
                return events.Current.GetBoolean();
            case TomlParseEventKind.String:
                return events.GetString() ?? "";
            default:
                throw Mistake(path, line, $"{name}: a date is not what belongs here");
        }
    }

    private static UsageException Mistake(string path, int line, string message, string? hint = null) => new($"{path}:{line}: {message.TrimEnd('.')}", hint);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
