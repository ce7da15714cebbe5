using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Jumpbag.Databases.Dumps;

/// <summary>What the first 64 KiB of a dump tell of where it comes from. Null is what they don't tell.</summary>
public sealed partial record DumpHeader
{
    /// <summary>The program that wrote it, in its own spelling: "mysqldump", "mariadb-dump", "pg_dump", "phpMyAdmin", "Sequel Pro", "mydumper".</summary>
    public string? Program { get; private init; }

    public string? ProgramVersion { get; private init; }

    public string? ServerVersion { get; private init; }

    public string? Host { get; private init; }

    public string? Database { get; private init; }

    /// <summary>Where the binary log stood (CHANGE MASTER TO, also where it is commented out).</summary>
    public string? BinlogFile { get; private init; }

    public long? BinlogPosition { get; private init; }

    /// <summary>MariaDB's gtid_slave_pos or MySQL's GTID_PURGED.</summary>
    public string? Gtid { get; private init; }

    /// <summary>The first SET NAMES or client_encoding.</summary>
    public string? Charset { get; private init; }

    public static DumpHeader Parse(ReadOnlySpan<byte> head)
    {
        string text = Encoding.Latin1.GetString(head);
        (string? program, string? version, string? server) = Origin(text);
        return new()
        {
            Program = program,
            ProgramVersion = version,
            ServerVersion = server ?? Group(ServerVersionLine().Match(text)),
            Host = Group(HostLine().Match(text)),
            Database = Group(DatabaseLine().Match(text)),
            BinlogFile = Group(LogFile().Match(text)),
            BinlogPosition = long.TryParse(LogPosition().Match(text).Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out long position) ? position : null,
            Gtid = Group(GtidSet().Match(text)) is { } gtid ? string.Concat(gtid.Where(c => !char.IsWhiteSpace(c))) : null,
            Charset = Group(CharsetSet().Match(text)),
        };
    }

    private static (string? Program, string? Version, string? Server) Origin(string text)
    {
        Match match = ClientDump().Match(text);
        if (match.Success)
        {
            string distribution = match.Groups[3].Value;
            bool isMariaDb = match.Groups[1].Value == "MariaDB" || distribution.Contains("MariaDB", StringComparison.Ordinal);
            return (isMariaDb ? "mariadb-dump" : "mysqldump", distribution.Length > 0 ? distribution : match.Groups[2].Value, null);
        }
        match = PostgresDump().Match(text);
        if (match.Success)
            return (text.Contains("database cluster dump", StringComparison.Ordinal) ? "pg_dumpall" : "pg_dump", match.Groups[2].Value, match.Groups[1].Value);
        if (text.Contains("-- PostgreSQL database cluster dump", StringComparison.Ordinal))
            return ("pg_dumpall", null, null);
        match = PhpMyAdmin().Match(text);
        if (match.Success)
            return ("phpMyAdmin", Group(match), null);
        match = Sequel().Match(text);
        return match.Success ? ($"Sequel {match.Groups[1].Value}", match.Groups[2].Success ? match.Groups[2].Value : null, null) : (null, null, null);
    }

    private static string? Group(Match match) => match.Success && match.Groups[1].Value.Trim() is { Length: > 0 } value ? value : null;

    [GeneratedRegex(@"^-- (MySQL|MariaDB) dump (\S+?)(?:-MariaDB)?,?\s+(?:Distrib ([^,\s]+))?", RegexOptions.Multiline)]
    private static partial Regex ClientDump();

    [GeneratedRegex(@"^-- Dumped from database version (\S+).*\n-- Dumped by pg_dump version (\S+)", RegexOptions.Multiline)]
    private static partial Regex PostgresDump();

    [GeneratedRegex(@"^-- phpMyAdmin SQL Dump\r?\n-- version (\S+)", RegexOptions.Multiline)]
    private static partial Regex PhpMyAdmin();

    [GeneratedRegex(@"^# Sequel (Pro|Ace) SQL dump\r?\n(?:# Version (?:build )?(\S+))?", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Sequel();

    [GeneratedRegex(@"^(?:--|#) Server [Vv]ersion:?\s+(.+?)\r?$", RegexOptions.Multiline)]
    private static partial Regex ServerVersionLine();

    [GeneratedRegex(@"^(?:--|#) Host: *(\S+?) *(?:\(.*\)|Database:.*)?\r?$", RegexOptions.Multiline)]
    private static partial Regex HostLine();

    [GeneratedRegex(@"^(?:--|#) (?:Host: *\S* +)?Database: *[`""]?([^\s`""]+)[`""]?\r?$", RegexOptions.Multiline)]
    private static partial Regex DatabaseLine();

    [GeneratedRegex(@"(?:MASTER|SOURCE)_LOG_FILE\s*=\s*'([^']*)'")]
    private static partial Regex LogFile();

    [GeneratedRegex(@"(?:MASTER|SOURCE)_LOG_POS\s*=\s*(\d+)")]
    private static partial Regex LogPosition();

    [GeneratedRegex(@"(?:gtid_slave_pos|GTID_PURGED)\s*=\s*(?:/\*!80000 '\+'\*/\s*)?'([^']*)'", RegexOptions.IgnoreCase)]
    private static partial Regex GtidSet();

    [GeneratedRegex(@"SET (?:NAMES|client_encoding =) '?(\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex CharsetSet();
}
