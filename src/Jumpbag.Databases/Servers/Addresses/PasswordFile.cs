using System.Text;

namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>
/// libpq's password file: lines of host:port:database:user:password, each field "*" for any, with "\" before ":" and "\". The first
/// that fits counts.
/// </summary>
/// <remarks>https://www.postgresql.org/docs/current/libpq-pgpass.html</remarks>
internal static class PasswordFile
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <param name="wanted">Host, port, database, user.</param>
    public static Secret? Find(string path, string[] wanted, List<string> warnings)
    {
        if (SmallFile.Read(path, out UnixFileMode mode) is not { } text)
            return null;
        if ((mode & Others) != 0)
        {
            warnings.Add($"{path}: others may read it, so it is not used: chmod 600 {path}");
            return null;
        }
        foreach (string line in text.Split('\n').Select(line => line.TrimEnd('\r')))
            if (!line.StartsWith('#') && Match(line, wanted) is { } password)
                return new(password);
        return null;
    }

    private static string? Match(string line, string[] wanted)
    {
        int at = 0;
        foreach (string value in wanted)
        {
            (string field, bool any, int next) = Field(line, at);
            if (next < 0 || !(any || field == value))
                return null;
            at = next;
        }
        return Field(line, at).Text;
    }

    /// <summary>The field from there on, whether it is a bare "*", and where the next one begins: below zero where there is none.</summary>
    private static (string Text, bool Any, int Next) Field(string line, int start)
    {
        var text = new StringBuilder();
        for (int at = start; at < line.Length; at++)
        {
            if (line[at] == ':')
                return (text.ToString(), line.AsSpan(start, at - start).SequenceEqual("*"), at + 1);
            if (line[at] == '\\' && at + 1 < line.Length)
                at++;
            text.Append(line[at]);
        }
        return (text.ToString(), false, -1);
    }
}
