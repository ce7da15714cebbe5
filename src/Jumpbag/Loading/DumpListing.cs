using System.Globalization;
using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Listing;
using Jumpbag.Terminal;

namespace Jumpbag.Loading;

/// <summary>jumpbag load --list: what is in a dump.</summary>
internal static class DumpListing
{
    public static int Write(DumpInput input, bool asJson, Session session)
    {
        foreach (DumpFile file in input.Files)
            session.Events(new Status(file.Name, Origin(file)));
        DumpIndex index = DumpIndex.Read(input, null, DumpProgress.Step(input, "listing", session));
        if (asJson)
            WriteJson(input, index, session.Out);
        else
            WriteText(index, input.Files.Count > 1, session.Out);
        return DumpEnds.Tell(input, index.Tails, session);
    }

    /// <summary>One line: what wrote it and where, as far as it says so.</summary>
    private static string Origin(DumpFile file)
    {
        DumpHeader header = DumpHeader.Parse(file.PlainHead.Span);
        string?[] parts =
        [
            header.Program is { } program ? $"{program} {header.ProgramVersion}".TrimEnd() : null,
            header.ServerVersion is { } server ? $"server {server}" : null,
            header.Database is { } database ? $"database {database}" : null,
            header.BinlogFile is { } log ? $"binlog {log}:{header.BinlogPosition}" : null,
            file.Compression == Compression.None ? null : file.Compression.ToString().ToLowerInvariant(),
        ];
        return string.Join(", ", parts.OfType<string>()) is { Length: > 0 } text ? text : "a dump without a header";
    }

    private static void WriteText(DumpIndex index, bool several, Output output)
    {
        var table = new Table(("Type", false), ("Name", false), ("Rows", true), ("Size", true), (several ? "File" : "", true), ("Offset", true), ("Of", false));
        foreach (DumpObject found in index.Objects)
            table.Add(Word(found.Type), found.FullName, found.Type == DumpObjectType.Table ? Number(found.Rows) : "", found.Bytes > 0 ? ByteSize.Format(found.Bytes) : "",
                several ? Number(found.File + 1) : "", Number(found.Offset), found.Table?.ToString() ?? "");
        foreach (string line in table.Lines(null))
            output.WriteLine(line);
    }

    private static void WriteJson(DumpInput input, DumpIndex index, Output output)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            json.WriteString("dialect", input.Dialect == Dialect.Postgres ? "postgresql" : "mariadb");
            json.WriteStartArray("files");
            for (int i = 0; i < input.Files.Count; i++)
                WriteFile(json, input.Files[i], index.Tails.FirstOrDefault(tail => tail.File == i));
            json.WriteEndArray();
            json.WriteStartArray("objects");
            foreach (DumpObject found in index.Objects)
            {
                json.WriteStartObject();
                json.WriteString("type", Word(found.Type));
                if (found.Database is { } catalog)
                    JsonListing.WriteName(json, "catalog", catalog);
                WriteName(json, "database", "name", found.Name);
                if (found.Table is { } table)
                    WriteName(json, "tableDatabase", "table", table);
                if (found.Type == DumpObjectType.Table)
                    json.WriteNumber("rows", found.Rows);
                json.WriteNumber("bytes", found.Bytes);
                json.WriteNumber("file", found.File);
                json.WriteNumber("offset", found.Offset);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        output.Write(memory.ToArray());
        output.WriteLine();
    }

    private static void WriteFile(Utf8JsonWriter json, DumpFile file, DumpTail? tail)
    {
        DumpHeader header = DumpHeader.Parse(file.PlainHead.Span);
        json.WriteStartObject();
        json.WriteString("name", file.Name);
        json.WriteString("compression", file.Compression.ToString().ToLowerInvariant());
        if (file.Length is { } length)
            json.WriteNumber("length", length);
        json.WriteString("program", header.Program);
        json.WriteString("programVersion", header.ProgramVersion);
        json.WriteString("serverVersion", header.ServerVersion);
        json.WriteString("host", header.Host);
        json.WriteString("database", header.Database);
        json.WriteString("charset", header.Charset);
        json.WriteString("binlogFile", header.BinlogFile);
        if (header.BinlogPosition is { } position)
            json.WriteNumber("binlogPosition", position);
        json.WriteString("gtid", header.Gtid);
        json.WriteString("state", tail?.State switch
        {
            DumpTailState.Complete => "complete",
            DumpTailState.Truncated => "truncated",
            DumpTailState.NoTrailer => "noTrailer",
            _ => "unread",
        });
        if (tail is not null)
        {
            json.WriteNumber("end", tail.Offset);
            json.WriteString("why", tail.Why);
        }
        json.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter json, string qualifierKey, string key, ObjectName name)
    {
        if (name.Qualifier is { } qualifier)
            JsonListing.WriteName(json, qualifierKey, qualifier);
        JsonListing.WriteName(json, key, name.Name);
    }

    private static string Word(DumpObjectType type) => type.ToString().ToLowerInvariant();

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
