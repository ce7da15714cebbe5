using System.CommandLine;
using Jumpbag.Checking;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Overlays;
using Jumpbag.Storage.Overlays.Format;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag fsck SOURCE [-- OPTION…]</summary>
public static class FsckCommand
{
    private static readonly Argument<string[]> Words = new("source")
    {
        Arity = ArgumentArity.ZeroOrMore,
        Description = "a filesystem in a disk or image, such as disk.img@1; behind '--' options for the checker itself",
    };
    private static readonly Option<bool> Commit = new("--commit") { Description = "write the overlay into the disk, and keep an undo file" };
    private static readonly Option<bool> Undo = new("--undo") { Description = "write back what the last --commit replaced" };
    private static readonly Option<bool> All = new("--all") { Description = "each filesystem of the disk, one after the other" };
    private static readonly Option<string> Type = new("--type") { HelpName = "FORMAT", Description = "what the filesystem is (ext4, xfs, vfat, btrfs), where nothing tells" };
    private static readonly Option<string> Overlay = new("--overlay")
    {
        HelpName = "FILE",
        Description = "where changes go (beside the image unless told); with --undo, the undo file",
    };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "answer the checker, or the question of --commit, with yes" };

    static FsckCommand() => Type.AcceptOnlyFromAmong(Checker.Formats);

    public static Command Make()
    {
        var command = new Command("fsck") { Words, Yes, Overlay, All, Type, Commit, Undo, CommonOptions.Disk, CommonOptions.DryRun, CommonOptions.Json, CommonOptions.Quiet, CommonOptions.Progress, CommonOptions.Color };
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        string[] words = parsed.GetValue(Words) ?? [];
        bool writes = parsed.GetValue(Commit) || parsed.GetValue(Undo);
        if (parsed.GetValue(Commit) && parsed.GetValue(Undo))
            throw new UsageException("--commit and --undo exclude each other", "--commit writes what the checker repaired into the image; --undo takes that back");
        int own = parsed.Tokens.Any(token => token.Type == System.CommandLine.Parsing.TokenType.DoubleDash) ? OwnWords(parsed) : words.Length;
        if (own > 1)
            throw new UsageException($"{ByteString.FromArgument(words[1])}: one filesystem is checked at a time", "'--all' checks each of a disk; options for the checker stand behind '--'");
        string? source = own == 1 ? words[0] : null;
        if (writes)
            return words.Length > own ? throw new UsageException("--commit and --undo run no checker, so they have no options for one", "nothing stands behind '--' there") : Write(source, parsed, session);
        if (source is null)
            throw new UsageException("no disk or image is named", "such as: jumpbag fsck harddrive.img@1");
        return Check(source, words[own..], parsed, session);
    }

    /// <summary>How many of the words stand before the "--".</summary>
    private static int OwnWords(ParseResult parsed)
    {
        int count = 0;
        foreach (var token in parsed.Tokens)
        {
            if (token.Type == System.CommandLine.Parsing.TokenType.DoubleDash)
                break;
            if (token.Type == System.CommandLine.Parsing.TokenType.Argument && parsed.GetResult(Words)!.Tokens.Contains(token))
                count++;
        }
        return count;
    }

    private static int Check(string text, string[] options, ParseResult parsed, Session session)
    {
        Locator locator = Locator.Parse(text, PlaceOpener.Exists);
        if (locator.Path is not null)
            throw new UsageException($"{ByteString.FromArgument(text)}: a whole filesystem is checked, not a path in it", "leave away what stands behind the ':'");
        using SourceSet sources = SourceSet.Open(locator.Source, parsed.GetValue(CommonOptions.Disk) ?? [], OverlaySet.None);
        Layer layer = LayerResolver.Resolve(sources.Disk, locator.Layers);
        IReadOnlyList<CheckTarget> targets = CheckTarget.Find(layer, parsed.GetValue(Type), session.CatchSignals());
        if (targets.Count > 1 && !parsed.GetValue(All))
            throw new UsageException($"{layer.Locator} has several filesystems", "name one: " + string.Join(", ", targets.Take(12).Select(target => target.Layer.Locator)) + "; or --all");
        string? overlay = parsed.GetValue(Overlay);
        if (overlay is not null && targets.Count > 1)
            throw new UsageException("--overlay FILE is for one filesystem", "without it each gets its own, beside the image");
        foreach (var disk in sources.Sources)
            foreach (string mountPoint in MountTable.MountedReadWrite(disk.Path))
                session.Events(new Warning($"{disk.Path} is mounted read-write at {mountPoint} right now: what is checked may be half old, half new", "unmount it, or check a snapshot of it"));
        CheckMode mode = parsed.GetValue(Yes) ? CheckMode.Yes : Screen.IsTerminal(0) ? CheckMode.Ask : CheckMode.Look;
        bool json = parsed.GetValue(CommonOptions.Json);
        int status = ExitStatus.Done;
        var results = new List<CheckResult>();
        foreach (CheckTarget target in targets)
        {
            var run = new CheckRun(sources, target, mode, overlay, options, json, session);
            if (parsed.GetValue(CommonOptions.DryRun))
            {
                run.DryRun();
                continue;
            }
            CheckResult result;
            try
            {
                result = run.Run();
            }
            catch (JumpbagException e) when (targets.Count > 1)
            {
                session.Events(new SourceFailed(target.Layer.Locator, e.Message, e.Hint));
                status = Worse(status, ExitStatus.Of(e));
                continue;
            }
            results.Add(result);
            CheckReport.Tell(result, sources, mode, session);
            status = Worse(status, result.Status);
            if (result.Outcome == CheckOutcome.Cancelled)
                break;
        }
        if (json && !parsed.GetValue(CommonOptions.DryRun))
            session.Out.WriteJson(writer =>
            {
                writer.WriteStartArray();
                results.ForEach(result => CheckReport.WriteJson(writer, result));
                writer.WriteEndArray();
            });
        return status;
    }

    /// <summary>Of several: what was interrupted or failed says more than errors that remain.</summary>
    private static int Worse(int first, int second) => Rank(second) > Rank(first) ? second : first;

    private static int Rank(int status) => status switch
    {
        ExitStatus.Interrupted => 4,
        ExitStatus.Failed => 3,
        ExitStatus.Refused => 2,
        ExitStatus.Partial => 1,
        _ => 0,
    };

    private static int Write(string? text, ParseResult parsed, Session session)
    {
        OverlayPurpose purpose = parsed.GetValue(Undo) ? OverlayPurpose.Undo : OverlayPurpose.Changes;
        Locator? locator = text is null ? null : Locator.Parse(text, PlaceOpener.Exists);
        string? path = parsed.GetValue(Overlay);
        string source = locator?.Source ?? SourceOf(path ?? throw new UsageException("neither a disk nor an overlay is named", "such as: jumpbag fsck --commit harddrive.img@1"));
        using SourceSet sources = SourceSet.Open(source, parsed.GetValue(CommonOptions.Disk) ?? [], OverlaySet.None, holesAreData: true);
        path ??= new OverlaySearch(sources, purpose).Find(LayerResolver.Resolve(sources.Disk, locator!.Layers));
        return new CommitRun(sources, path, purpose, parsed.GetValue(Yes), session).Run(parsed.GetValue(CommonOptions.DryRun));
    }

    private static string SourceOf(string overlay)
    {
        using OverlayFile file = OverlayFile.Open(overlay, writable: false);
        return file.Header.SourcePath;
    }
}
