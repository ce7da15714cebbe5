using System.Text;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Tests.Unit.Dumps;

/// <summary>Reads dumps that are written out in a test; one byte is one character of the strings.</summary>
internal static class Read
{
    public static DumpInput Input(string dump, Dialect? dialect = null, int chunk = int.MaxValue) =>
        DumpInput.Of([DumpFile.FromPipe("test.sql", null, new Chunks(Encoding.Latin1.GetBytes(dump), chunk))], dialect);

    public static List<(DumpStatement Statement, string Text)> Statements(string dump, Dialect? dialect = null, DumpReaderOptions? options = null) =>
        Statements(dump, dialect, options, int.MaxValue, out _);

    public static List<(DumpStatement Statement, string Text)> Statements(string dump, Dialect? dialect, DumpReaderOptions? options, int chunk, out DumpTail tail)
    {
        using var reader = new DumpReader(Input(dump, dialect, chunk), options);
        var read = new List<(DumpStatement, string)>();
        while (reader.Read() is { } statement)
        {
            string text = Encoding.Latin1.GetString(statement.Text.Span) + (statement.CopyLines.IsEmpty ? "" : "\n" + Encoding.Latin1.GetString(statement.CopyLines.Span));
            read.Add((statement, text));
            statement.Release!();
        }
        tail = reader.Tails[^1];
        return read;
    }

    public static string[] Texts(string dump, Dialect? dialect = null) => [.. Statements(dump, dialect).Select(read => read.Text)];

    public static DumpTail Tail(string dump, Dialect? dialect = null)
    {
        Statements(dump, dialect, null, int.MaxValue, out DumpTail tail);
        return tail;
    }

    /// <summary>Gives few bytes at a time, as a pipe may.</summary>
    private sealed class Chunks(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, size)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, size));
    }
}
