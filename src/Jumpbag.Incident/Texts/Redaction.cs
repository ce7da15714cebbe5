using System.Text;
using System.Text.RegularExpressions;

namespace Jumpbag.Incident.Texts;

/// <summary>
/// Masks secrets in command lines and in what commands print, before either is written down. It knows where secrets stand: in addresses,
/// behind options and variables that are called so, in headers, in SQL, in the shapes of well-known tokens. Repetitions have bounds, so that
/// no text takes quadratic time.
/// </summary>
public static partial class Redaction
{
    private const string Mask = "***";

    private static readonly string[] MySqlPrograms = ["mysql", "mariadb", "mysqldump", "mariadb-dump", "mysqladmin", "mariadb-admin", "mysqlbinlog", "mariadb-binlog", "mysqlimport", "mariadb-import", "mysqlcheck", "mariadb-check", "mydumper", "myloader", "mysqlsh", "xtrabackup", "mariabackup"];

    /// <summary>Options whose next word is a secret, by program; elsewhere they are something else.</summary>
    private static readonly (string[] Programs, string[] Options)[] NextIsSecret =
    [
        (["sshpass", "mongo", "mongosh", "mongodump", "mongorestore"], ["-p"]),
        (["openssl"], ["-k", "-K", "-pass", "-passin", "-passout"]),
        (["redis-cli"], ["-a", "--pass"]),
        (["ldapsearch", "ldapmodify", "ldapadd", "ldapdelete", "ldappasswd", "ldapwhoami"], ["-w"]),
        (["ipmitool", "zip", "unzip", "sqlcmd"], ["-P"]),
    ];

    /// <summary>Options with a user and, behind a sign, a secret.</summary>
    private static readonly (string[] Programs, string[] Options, char Sign)[] UserAndSecret =
    [
        (["curl", "wget"], ["-u", "--user", "-U", "--proxy-user"], ':'),
        (["smbclient", "rpcclient"], ["-U", "--user"], '%'),
        (["lftp"], ["-u", "--user"], ','),
    ];

    /// <summary>Programs whose -pWORD is a secret; elsewhere it is a port or a path.</summary>
    private static readonly string[] JoinedSecret = [.. MySqlPrograms, "sshpass", "7z", "7za", "7zr", "rar", "unrar"];

    private static readonly HashSet<string> Known = [.. JoinedSecret, .. NextIsSecret.SelectMany(rule => rule.Programs), .. UserAndSecret.SelectMany(rule => rule.Programs), "ssh"];

    /// <summary>A command as one line, its words quoted where a shell would need it, its secrets masked.</summary>
    /// <remarks>Other commands may stand before the one that takes the secret: sudo, timeout, env, ssh HOST, docker exec.</remarks>
    public static string CommandLine(IReadOnlyList<string> words)
    {
        var line = new StringBuilder();
        string program = "";
        for (int i = 0; i < words.Count; i++)
        {
            line.Append(i == 0 ? "" : " ").Append(Quoted(Text(i == 0 ? words[0] : Word(words[i], words[i - 1], program))));
            if (Path.GetFileName(words[i]) is var name && Known.Contains(name))
                program = name;
        }
        return line.ToString();
    }

    private static string Word(string word, string before, string program)
    {
        foreach ((string[] programs, string[] options, char sign) in UserAndSecret)
            if (Array.IndexOf(programs, program) >= 0)
                foreach (string option in options)
                {
                    bool isApart = before == option;
                    if (!isApart && !(option.Length == 2 && word.Length > 2 && word.StartsWith(option, StringComparison.Ordinal)))
                        continue;
                    int at = word.IndexOf(sign, isApart ? 0 : 2);
                    return at >= 0 ? word[..(at + 1)] + Mask : isApart && sign == ':' ? Mask : word;
                }
        if (SecretOption().IsMatch(before) || Array.Exists(NextIsSecret, rule => Array.IndexOf(rule.Programs, program) >= 0 && Array.IndexOf(rule.Options, before) >= 0))
            return Mask;
        return word.Length > 2 && word.StartsWith("-p", StringComparison.Ordinal) && Array.IndexOf(JoinedSecret, program) >= 0 ? "-p" + Mask : word;
    }

    /// <summary>Any text: a shell's command, or output.</summary>
    public static string Text(string text)
    {
        text = UrlPassword().Replace(text, "$1" + Mask + "@");
        text = Named().Replace(text, match => match.Groups["name"].Value + match.Groups["by"].Value + Mask);
        text = Option().Replace(text, match => match.Groups["option"].Value + Mask);
        text = Header().Replace(text, "$1" + Mask);
        text = Sql().Replace(text, "$1'" + Mask + "'");
        text = Token().Replace(text, Mask);
        return PrivateKey().Replace(text, Mask);
    }

    private static string Quoted(string word) =>
        word.Length > 0 && !NeedsQuotes().IsMatch(word) ? word : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>scheme://user:PASSWORD@; the last @ before a slash or space ends it.</summary>
    [GeneratedRegex(@"((?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/:@'""]{0,200}:)[^\s/'""]{0,1000}@")]
    private static partial Regex UrlPassword();

    /// <summary>NAME=VALUE, "name": "value", ?name=value, also --name=value, where the name says that it is secret.</summary>
    [GeneratedRegex(@"(?<name>(?<![A-Za-z0-9])[A-Za-z0-9_.-]{0,60}(?:passw(?:or)?d|passphrase|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|pwd|PGPASSWORD|MYSQL_PWD|authkey|signature)[A-Za-z0-9_-]{0,60})(?<by>[""']?\s*[=:]\s*[""']?)(?![""'\s*/-])[^\s""'&;,]+", RegexOptions.IgnoreCase)]
    private static partial Regex Named();

    /// <summary>In a shell's line: --password VALUE, and -pVALUE of MySQL's programs.</summary>
    [GeneratedRegex(@"(?<option>(?<=^|\s)--?[A-Za-z0-9-]{0,60}(?:password|passwd|passphrase|secret|token|api-?key|access-?key)\s+(?=[^\s-])|\b(?:mysql|mariadb|mysqldump|mariadb-dump|mysqladmin|mariadb-admin|sshpass|mydumper|myloader)\b[^|;&\n]{0,2000}?\s-p(?=\S)|\b(?:7za?|7zr|rar|unrar)\b[^|;&\n]{0,2000}?\s-p(?=\S)|\bcurl\b[^|;&\n]{0,2000}?\s(?:-u|--user)\s*[^\s:]+:|\bredis-cli\b[^|;&\n]{0,2000}?\s(?:-a|--pass)\s+|\bldap[a-z]+\b[^|;&\n]{0,2000}?\s-w\s+|\bmongo[a-z]*\b[^|;&\n]{0,2000}?\s-p\s+|\b(?:ipmitool|zip|unzip|sqlcmd)\b[^|;&\n]{0,2000}?\s-P\s+)(?:'[^']*'|""[^""]*""|\S+)", RegexOptions.IgnoreCase)]
    private static partial Regex Option();

    [GeneratedRegex(@"((?:Authorization|X-Api-Key|X-Auth-Token|Cookie|Set-Cookie)\s*:\s*(?:Bearer\s+|Basic\s+)?|\bBearer\s+)[^\s'""]+", RegexOptions.IgnoreCase)]
    private static partial Regex Header();

    [GeneratedRegex(@"((?:IDENTIFIED\s+(?:WITH\s+\S+\s+)?(?:BY|AS)|\bPASSWORD)\s*(?:=\s*)?(?:PASSWORD\s*)?\(?\s*)'[^']*'", RegexOptions.IgnoreCase)]
    private static partial Regex Sql();

    /// <summary>AWS, GitHub, GitLab, Slack, this program's board, JSON web tokens.</summary>
    [GeneratedRegex(@"\b(?:A[KS]IA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|jbt_[A-Za-z0-9_-]{20,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)")]
    private static partial Regex Token();

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)")]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"^--?[A-Za-z0-9-]*(?:password|passwd|passphrase|secret|token|api-?key|access-?key|private-?key)$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretOption();

    [GeneratedRegex(@"[^A-Za-z0-9_@%+=:,./*?~^\u0080-\uFFFF-]")]
    private static partial Regex NeedsQuotes();
}
