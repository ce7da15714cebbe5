namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>What an input shows about its being complete: how its program begins and ends dumps.</summary>
internal sealed class TailEvidence
{
    private static readonly byte[][] Trailers =
    [
        "-- Dump completed"u8.ToArray(), "-- PostgreSQL database dump complete"u8.ToArray(), "-- PostgreSQL database cluster dump complete"u8.ToArray(),
    ];

    private bool expectsTrailer, expectsRestore, sawTrailer, sawRestore, sawStatement;

    /// <summary>The last comment isn't closed.</summary>
    public bool EndsWithinComment { get; set; }

    public void Begin(ReadOnlySpan<byte> head)
    {
        expectsTrailer = WritesTrailer(head);
        expectsRestore = WritesRestore(head);
    }

    public void SawComment(ReadOnlySpan<byte> comment)
    {
        foreach (byte[] trailer in Trailers)
            sawTrailer |= comment.StartsWith(trailer);
    }

    public void Saw(StatementKind kind, ReadOnlySpan<byte> text)
    {
        sawTrailer = false;
        sawStatement = true;
        if (kind != StatementKind.Set)
            sawRestore = false;
        else if (expectsRestore)
            sawRestore |= IsRestore(text);
    }

    public DumpTail AtEnd(int file, long offset) =>
        EndsWithinComment ? new(DumpTailState.Truncated, file, offset, "within a comment")
        : !sawStatement ? new(DumpTailState.Truncated, file, offset, offset == 0 ? "it is empty" : "there is no statement in it")
        : sawTrailer || (!expectsTrailer && expectsRestore && sawRestore) ? new(DumpTailState.Complete, file, offset, "it ends as its program ends a dump")
        : expectsTrailer ? new(DumpTailState.Truncated, file, offset, Missing(trailer: true))
        : expectsRestore ? new(DumpTailState.Truncated, file, offset, Missing(trailer: false))
        : new(DumpTailState.NoTrailer, file, offset, "it ends behind a whole statement, but nothing in it tells whether that is all");

    public static string Missing(bool trailer) =>
        trailer ? "the line \"Dump completed\" that its program writes last is missing" : "the settings that its program puts back at the end are not put back";

    /// <summary>mysqldump, mariadb-dump, pg_dump and pg_dumpall write a header and a trailer, or neither.</summary>
    public static bool WritesTrailer(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> start = head[..Math.Min(head.Length, 4096)];
        return start.IndexOf("-- MySQL dump "u8) >= 0 || start.IndexOf("-- MariaDB dump "u8) >= 0 || start.IndexOf("-- PostgreSQL database dump"u8) >= 0 || start.IndexOf("-- PostgreSQL database cluster dump"u8) >= 0
            || start.IndexOf("-- Table extracted by jumpbag"u8) >= 0;
    }

    /// <summary>phpMyAdmin, Sequel Pro and others end by putting back what they saved in their first lines.</summary>
    public static bool WritesRestore(ReadOnlySpan<byte> head) =>
        head[..Math.Min(head.Length, 4096)].IndexOf("SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT"u8) >= 0;

    public static bool IsRestore(ReadOnlySpan<byte> text) =>
        text.IndexOf("SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT"u8) >= 0 || text.IndexOf("SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION"u8) >= 0;

    public static bool IsTrailer(ReadOnlySpan<byte> line)
    {
        foreach (byte[] trailer in Trailers)
            if (line.StartsWith(trailer))
                return true;
        return false;
    }
}
