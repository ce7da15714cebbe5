using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>Kinds of dump that are no statements, told by their first bytes.</summary>
internal static class ForeignDump
{
    public const string Hint = "pg_restore -f - FILE turns it into the plain format, which can be piped to this command";

    public static void Refuse(string name, ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("PGDMP"u8))
            throw new UnsupportedException($"{name}: is a dump of pg_dump in its custom format", Hint);
        if (start.Length > 262 && start[257..262].SequenceEqual("ustar"u8))
            throw start.StartsWith("toc.dat\0"u8)
                ? new UnsupportedException($"{name}: is a dump of pg_dump in its tar format", Hint)
                : new UnsupportedException($"{name}: is a tar archive, not a dump", "unpack it and name the files in it");
        if (start.StartsWith("PK\x3\x4"u8))
            throw new UnsupportedException($"{name}: is a zip archive, not a dump", "unzip -p FILE | jumpbag load -");
        if (start.StartsWith("XBSTCK"u8) || start.StartsWith("XBCK"u8))
            throw new UnsupportedException($"{name}: is a stream of mariabackup or xtrabackup, not a dump", "mbstream or xbstream unpack it");
    }
}
