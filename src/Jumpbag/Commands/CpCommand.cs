using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Extraction;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag cp LOCATOR… DESTINATION, with cp(1)'s letters.</summary>
public static class CpCommand
{
    private static readonly Argument<string[]> Paths = new("locator… destination") { Arity = new(2, 100_000), Description = "what to copy, such as disk.img:/home, and where to on this machine" };
    private static readonly Option<bool> Recursive = new("--recursive", "-r", "-R") { Description = "directories with all that is in them; implies -a" };
    private static readonly Option<bool> Archive = new("--archive", "-a") { Description = "as -r; everything a file has is kept" };
    private static readonly Option<bool> Keep = new("-p") { Description = "of single files too, keep mode, owner, times and attributes" };
    private static readonly Option<bool> Force = new("--force", "-f") { Description = "replace files that are there" };
    private static readonly Option<bool> NoClobber = new("--no-clobber", "-n") { Description = "leave files that are there, and count them" };
    private static readonly Option<bool> Update = new("--update", "-u") { Description = "replace files that are there and older" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "go on after a break: what is there complete is left" };
    private static readonly Option<int> Jobs = new("--jobs", "-j") { HelpName = "N", Description = "files copied at once (default: one for each core)" };

    public static Command Make()
    {
        var command = new Command("cp") { Paths, Recursive, Archive, Keep, Force, NoClobber, Update, Resume, Jobs, CommonOptions.DryRun, CommonOptions.Json, CommonOptions.Progress, CommonOptions.Color };
        command.Reads(Run);
        return command;
    }

    private static int Run(Reading reading)
    {
        (ParseResult parsed, Session session) = (reading.Parsed, reading.Session);
        string[] paths = parsed.GetRequiredValue(Paths);
        OverwriteMode overwrite = Overwriting(reading);
        List<Place> sources = [.. paths[..^1].Select(reading.Places.Open)];
        List<ExtractionItem> items = [.. sources.Select(place => new ExtractionItem(place.Tree, place.Path, place.Prefix + ":"))];
        var options = new ExtractionOptions
        {
            Recursive = reading.Has(Recursive) || reading.Has(Archive),
            Preserve = reading.Has(Keep) ? Preserve.All : null,
            Overwrite = overwrite,
            Resume = reading.Has(Resume),
            DryRun = reading.Has(CommonOptions.DryRun),
            Jobs = parsed.GetValue(Jobs),
        };
        ExtractionResult result = new Extraction(Named(sources, session.Events), options, session.CatchSignals()).Run(items, paths[^1]);
        session.Events(new BytesMoved(options.DryRun ? 0 : result.Bytes));
        if (reading.Json)
            reading.Out.WriteJson(json => WriteJson(result, options.DryRun, json));
        else
            session.Events(new Status(paths[^1], Summary(result, options.DryRun)));
        if (result.Interrupted)
        {
            session.Events(new Warning("interrupted: what is there is complete, the rest is not there", "run the same with --resume to go on"));
            return ExitStatus.Interrupted;
        }
        return result.Stopped is not null || (result.Failed > 0 && result.Damaged == 0) ? ExitStatus.Failed
            : result.IsComplete ? session.Status
            : ExitStatus.Partial;
    }

    /// <summary>Paths in events become locators, where all sources are of one disk.</summary>
    private static EventSink Named(List<Place> sources, EventSink events)
    {
        string[] prefixes = [.. sources.Select(place => place.Prefix).Distinct()];
        return prefixes.Length != 1 ? events : happened => events(happened switch
        {
            FileDamaged damaged => damaged with { Path = $"{prefixes[0]}:{damaged.Path}" },
            FileFailed failed => failed with { Path = $"{prefixes[0]}:{failed.Path}" },
            _ => happened,
        });
    }

    private static OverwriteMode Overwriting(Reading reading)
    {
        var chosen = new List<OverwriteMode>();
        if (reading.Has(Force))
            chosen.Add(OverwriteMode.Force);
        if (reading.Has(NoClobber))
            chosen.Add(OverwriteMode.NoClobber);
        if (reading.Has(Update))
            chosen.Add(OverwriteMode.Update);
        return chosen.Count switch
        {
            0 => OverwriteMode.Refuse,
            1 => chosen[0],
            _ => throw new UsageException("-f, -n and -u exclude one another"),
        };
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
