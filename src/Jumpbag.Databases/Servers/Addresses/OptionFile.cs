using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>
/// Option files of MariaDB and MySQL, as their clients read them: groups of NAME[=VALUE], comments, !include and !includedir, quotes and
/// escapes. What a later line says goes before what an earlier one says.
/// </summary>
/// <remarks>https://mariadb.com/kb/en/configuring-mariadb-with-option-files/</remarks>
internal sealed class OptionFile(IReadOnlySet<string> groups)
{
    private const int MostNesting = 10;

    private readonly Dictionary<string, string?> options = new(StringComparer.Ordinal);

    /// <summary>Lines that cannot be read, and files that are left out.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>By the option's name, with "-" for "_" and without "loose-"; null for one without a value.</summary>
    public IReadOnlyDictionary<string, string?> Options => options;

    /// <summary>Reads one more file over those before.</summary>
    /// <param name="mustExist">For a file that a person named.</param>
    public void Read(string path, bool mustExist) => Read(path, mustExist, 0);

    /// <summary>Reads ~/.mylogin.cnf, if there is one.</summary>
    public void ReadLogin(string path)
    {
        if (LoginFile.Read(path, Warnings) is { } text)
            Parse(text, path, 0);
    }

    private void Read(string path, bool mustExist, int nesting)
    {
        if (SmallFile.Read(path, out UnixFileMode mode) is not { } text)
        {
            if (mustExist)
                throw new NotFoundException($"{path}: no such option file");
            return;
        }
        // As the clients have it: whoever may write there could send us anywhere.
        if ((mode & UnixFileMode.OtherWrite) != 0)
        {
            Warnings.Add($"{path}: everybody can write to it, so it is not read");
            return;
        }
        Parse(text, path, nesting);
    }

    private void Parse(string text, string path, int nesting)
    {
        string[] lines = text.Split('\n');
        string? group = null;
        for (int number = 1; number <= lines.Length; number++)
        {
            string line = lines[number - 1].Trim();
            if (line.Length == 0 || line[0] is '#' or ';')
                continue;
            if (line[0] == '!')
                Include(line, path, number, nesting);
            else if (line[0] == '[')
                group = line.IndexOf(']', StringComparison.Ordinal) is var end and > 0 ? line[1..end].TrimEnd()
                    : throw new FailedException($"{path}, line {number}: the group's name has no closing bracket");
            else if (group is null)
                throw new FailedException($"{path}, line {number}: an option stands before the first [group]");
            else if (groups.Contains(group))
                Add(line);
        }
    }

    private void Include(string line, string path, int number, int nesting)
    {
        string[] words = line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is not [("!include" or "!includedir") and var directive, var target])
        {
            Warnings.Add($"{path}, line {number}: is no directive that is known");
            return;
        }
        if (nesting == MostNesting)
        {
            Warnings.Add($"{path}, line {number}: is nested too deep, so it is not followed");
            return;
        }
        if (directive == "!include")
        {
            Read(target, mustExist: false, nesting + 1);
            return;
        }
        if (!Directory.Exists(target))
            throw new NotFoundException($"{path}, line {number}: no such folder: {target}");
        foreach (string file in Directory.GetFiles(target, "*.cnf").Order(StringComparer.Ordinal))
            Read(file, mustExist: false, nesting + 1);
    }

    private void Add(string line)
    {
        line = WithoutComment(line);
        int equals = line.IndexOf('=', StringComparison.Ordinal);
        string name = (equals < 0 ? line : line[..equals]).TrimEnd().Replace('_', '-');
        if (name.StartsWith("loose-", StringComparison.Ordinal))
            name = name["loose-".Length..];
        if (name.StartsWith("enable-", StringComparison.Ordinal))
            name = name["enable-".Length..];
        options[name] = equals < 0 ? null : Value(line[(equals + 1)..].Trim());
    }

    /// <summary>A '#' outside of quotes ends the line.</summary>
    private static string WithoutComment(string line)
    {
        char quote = '\0';
        bool escaped = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c is '\'' or '"' && !escaped)
                quote = quote == '\0' ? c : quote == c ? '\0' : quote;
            if (quote == '\0' && c == '#')
                return line[..i].TrimEnd();
            escaped = quote != '\0' && c == '\\' && !escaped;
        }
        return line;
    }

    private static string Value(string text)
    {
        if (text.Length > 1 && text[0] is '\'' or '"' && text[0] == text[^1])
            text = text[1..^1];
        var value = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char escape = text[i] == '\\' && i + 1 < text.Length ? text[i + 1] : '\0';
            char meant = escape switch
            {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\b',
                's' => ' ',
                '"' or '\'' or '\\' => escape,
                _ => '\0',
            };
            // A backslash before anything else is one: paths of Windows are full of them.
            value.Append(meant == '\0' ? text[i] : meant);
            if (meant != '\0')
                i++;
        }
        return value.ToString();
    }
}
