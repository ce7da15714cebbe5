using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>Kinds of dump that are no statements, told by their first bytes.</summary>
internal static class ForeignDump
{
    public const string Hint = "pg_restore -f - FILE turns it into the plain format, which can be piped to this command";

    /// <summary>What people take for dumps, by how it begins.</summary>
    private static readonly (byte[] Start, string What, string Hint)[] Known =
    [
        ("PGDMP"u8.ToArray(), "is a dump of pg_dump in its custom format", Hint),
        ("PK\x3\x4"u8.ToArray(), "is a zip archive, not a dump", "unzip -p FILE | jumpbag load -"),
        ("XBSTCK"u8.ToArray(), "is a stream of mariabackup or xtrabackup, not a dump", "mbstream or xbstream unpack it"),
        ("XBCK"u8.ToArray(), "is a stream of mariabackup or xtrabackup, not a dump", "mbstream or xbstream unpack it"),
        ([0x04, 0x22, 0x4D, 0x18], "is compressed by lz4", "lz4 -dc FILE | jumpbag load -"),
        ("LZIP"u8.ToArray(), "is compressed by lzip", "lzip -dc FILE | jumpbag load -"),
        ([0x5D, 0, 0], "is compressed by lzma", "xz -dc FILE | jumpbag load -"),
        ([0x89, (byte)'L', (byte)'Z', (byte)'O'], "is compressed by lzop", "lzop -dc FILE | jumpbag load -"),
        ([(byte)'7', (byte)'z', 0xBC, 0xAF], "is a 7z archive, not a dump", "7z x -so FILE | jumpbag load -"),
        ([0xFF, 0xFE], UtfSixteen, UtfSixteenHint),
        ([0xFE, 0xFF], UtfSixteen, UtfSixteenHint),
        ("SQLite format 3"u8.ToArray(), "is a database of SQLite, not a dump", "sqlite3 FILE .dump writes one, in SQLite's own SQL"),
        ("<?xml"u8.ToArray(), "is XML, not a dump of statements", "dump without --xml; LOAD XML of MariaDB and MySQL reads the rows of one table"),
        ("<!DOCTYPE"u8.ToArray(), WebPage, WebPageHint),
        ("<!doctype"u8.ToArray(), WebPage, WebPageHint),
        ("<html"u8.ToArray(), WebPage, WebPageHint),
    ];

    private const string UtfSixteen = "is text in UTF-16, as PowerShell's > writes it", UtfSixteenHint = "iconv -f UTF-16 -t UTF-8 FILE | jumpbag load -; what was no text in it may be lost: let the dump program write the file (--result-file)";
    private const string WebPage = "is a web page, not a dump", WebPageHint = "was it downloaded without logging in?";

    public static void Refuse(string name, ReadOnlySpan<byte> start)
    {
        foreach ((byte[] magic, string what, string hint) in Known)
            if (start.StartsWith(magic))
                throw new UnsupportedException($"{name}: {what}", hint);
        if (start.Length > 262 && start[257..262].SequenceEqual("ustar"u8))
            throw start.StartsWith("toc.dat\0"u8)
                ? new UnsupportedException($"{name}: is a dump of pg_dump in its tar format", Hint)
                : new UnsupportedException($"{name}: is a tar archive, not a dump", "unpack it and name the files in it");
    }

    /// <summary>The same of what comes out of a compressed input.</summary>
    public static void RefuseWithin(string name, Compression compression, ReadOnlySpan<byte> start)
    {
        Refuse($"{name}, decompressed", start);
        if (Compressions.Detect(start) is not Compression.None and var inner)
            throw new UnsupportedException($"{name}: is compressed twice, by {inner.Name()} within {compression.Name()}", $"{compression.Name()} -dc < FILE | jumpbag load -");
    }
}
