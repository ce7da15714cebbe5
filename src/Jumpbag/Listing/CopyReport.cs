using System.Globalization;
using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Extraction;
using Jumpbag.Terminal;

namespace Jumpbag.Listing;

/// <summary>How a copy went, in a line or as JSON, and the exit status that says it.</summary>
internal static class CopyReport
{
    public static int Show(ExtractionResult result, bool dryRun, string destination, Reading reading)
    {
        Session session = reading.Session;
        session.Events(new BytesMoved(dryRun ? 0 : result.Bytes));
        if (reading.Json)
            reading.Out.WriteJson(json => WriteJson(result, dryRun, json));
        else
            session.Events(new Status(destination, Summary(result, dryRun)));
        if (result.Interrupted)
        {
            session.Events(new Warning("interrupted: what is there is complete, the rest is not there", "run the same with --resume to go on"));
            return ExitStatus.Interrupted;
        }
        return result.Stopped is not null || (result.Failed > 0 && result.Damaged == 0) ? ExitStatus.Failed
            : result.IsComplete ? session.Status
            : ExitStatus.Partial;
    }

    private static string Summary(ExtractionResult r, bool dryRun)
    {
        var parts = new List<string> { Counted(r.Files, "file"), Counted(r.Directories, "folder") };
        void Add(long count, string what)
        {
            if (count > 0)
                parts.Add(Counted(count, what));
        }
        Add(r.SymbolicLinks, "symbolic link");
        Add(r.HardLinks, "hard link");
        Add(r.SpecialFiles, "special file");
        string copied = $"{string.Join(", ", parts)}, {ByteSize.Format(r.Bytes)} {(dryRun ? "would be copied" : $"copied in {r.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s")}";
        return copied + (r.Skipped > 0 ? $"; {r.Skipped} left as they were" : "") + (r.Damaged > 0 ? $"; {r.Damaged} damaged, {ByteSize.Format(r.LostBytes)} lost" : "")
            + (r.Failed > 0 ? $"; {r.Failed} not made" : "");
    }

    private static string Counted(long count, string what) => $"{count.ToString("#,0", CultureInfo.InvariantCulture)} {what}{(count == 1 ? "" : "s")}";

    private static void WriteJson(ExtractionResult r, bool dryRun, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteBoolean("dryRun", dryRun);
        foreach ((string key, long value) in new[] { ("files", r.Files), ("directories", r.Directories), ("symbolicLinks", r.SymbolicLinks), ("hardLinks", r.HardLinks),
            ("specialFiles", r.SpecialFiles), ("bytes", r.Bytes), ("lostBytes", r.LostBytes), ("skipped", r.Skipped), ("damaged", r.Damaged), ("failed", r.Failed) })
            json.WriteNumber(key, value);
        json.WriteNumber("elapsedSeconds", Math.Round(r.Elapsed.TotalSeconds, 3));
        json.WriteStartArray("attributesLost");
        foreach (AttributeLoss loss in r.AttributesLost)
        {
            json.WriteStartObject();
            json.WriteString("attribute", loss.Attribute);
            json.WriteString("reason", loss.Reason);
            json.WriteNumber("count", loss.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("stopped", r.Stopped);
        json.WriteBoolean("interrupted", r.Interrupted);
        json.WriteEndObject();
    }
}
