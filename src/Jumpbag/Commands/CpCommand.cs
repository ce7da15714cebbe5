using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Extraction;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Listing;

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
        return CopyReport.Show(result, options.DryRun, paths[^1], reading);
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
}
