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
                    throw Mistake(path, message.Span.Start.Line + 1, message.Message);
            TomlParser events = TomlParser.Create(text, new TomlParserOptions { DecodeScalars = true, EagerStringValues = true });
            while (events.MoveNext())
                if (events.Current.Kind == TomlParseEventKind.StartTable)
                    return Table(events, path, "", 0, 0);
            return new(path, "", 0);
        }
        catch (TomlException e)
        {
            throw new UsageException($"{path}: {e.Message.Split('\n')[0].TrimEnd()}");
        }
    }

    private static ConfigTable Table(TomlParser events, string path, string name, int line, int depth)
    {
        if (depth > MostDepth)
            throw Mistake(path, line, "tables are nested too deeply");
        var table = new ConfigTable(path, name, line);
        while (events.MoveNext() && events.Current.Kind != TomlParseEventKind.EndTable)
        {
            string key = events.GetPropertyName() ?? "";
            int keyLine = events.Current.Line;
            events.MoveNext();
            table.Add(key, Value(events, path, name.Length == 0 ? key : $"{name}.{key}", keyLine, depth + 1), keyLine);
        }
        return table;
    }

    private static object Value(TomlParser events, string path, string name, int line, int depth)
    {
        switch (events.Current.Kind)
        {
            case TomlParseEventKind.StartTable:
                return Table(events, path, name, line, depth);
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

    private static UsageException Mistake(string path, int line, string message) => new($"{path}:{line}: {message.TrimEnd('.')}");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
