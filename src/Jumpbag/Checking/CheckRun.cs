using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;
using Jumpbag.Storage.Overlays;
using Jumpbag.Storage.Overlays.Format;

namespace Jumpbag.Checking;

/// <summary>What a check came to, for the person and for JSON.</summary>
/// <param name="Overlay">Where the changes are; null where none are kept.</param>
/// <param name="Blocks">Of 4 KiB that it replaces.</param>
public sealed record CheckResult(CheckTarget Target, string Program, CheckOutcome Outcome, string? Overlay, long Blocks)
{
    public int Status => Outcome switch
    {
        CheckOutcome.Clean or CheckOutcome.Repaired => ExitStatus.Done,
        CheckOutcome.ErrorsRemain => ExitStatus.Partial,
        CheckOutcome.Cancelled => ExitStatus.Interrupted,
        _ => ExitStatus.Failed,
    };
}

/// <summary>
/// Runs the checker of a filesystem on a view of it whose changes go to an overlay. The image is open read-only and nothing
/// else; the view is there as long as this runs.
/// </summary>
/// <param name="overlayFile">As the person named it; null for the usual place.</param>
/// <param name="options">The person's own, for the checker.</param>
public sealed class CheckRun(SourceSet sources, CheckTarget target, CheckMode mode, string? overlayFile, IReadOnlyList<string> options, bool json, Session session)
{
    private readonly Checker checker = Checker.Of(target.Format)!;
    private readonly string locator = target.Layer.Locator;

    private string OverlayPath => overlayFile ?? OverlayPlace.Default(sources.Sources[0].Path, sources.Sources[0].IsBlockDevice, target.Layer.Steps);

    /// <summary>Tells what would be done.</summary>
    public void DryRun()
    {
        string overlay = OverlayPath;
        session.Out.WriteLine($"{string.Join(' ', checker.Arguments(FirstMode, options, ViewName).Prepend(checker.Program))}    # on a writable view of {locator} ({target.Format})");
        session.Out.WriteLine(File.Exists(overlay) ? $"changes are added to the overlay {Show(overlay)}" : $"changes go to a new overlay {Show(overlay)}");
    }

    /// <exception cref="JumpbagException">The checker is missing, the view cannot be made, the overlay is another image's.</exception>
    public CheckResult Run()
    {
        string program = Programs.Find(checker.Program);
        if (OutsideData.Of(target.Format, target.Layer.Device) is { } outside)
            throw new UnsupportedException($"{locator}: cannot be checked in an overlay: {outside}", "make an overlay for each device by hand (device-mapper's snapshot target), and check those");
        if (target.FromBackup)
            session.Events(new Status(locator, $"its first superblock is ruined; by a copy of it this is {target.Format}"));
        CancellationToken cancellation = session.CatchSignals();
        string path = OverlayPath;
        OverlayPlace.MakeFolder(path);
        bool isNew = !File.Exists(path);
        OverlayFile overlay = isNew ? OverlayFile.Create(path, NewHeader()) : OpenAgain(path);
        bool keep = !isNew;
        try
        {
            CheckOutcome outcome;
            using (var view = RawView.Show(new OverlayDevice(target.Layer.Device, overlay), ViewName))
            {
                bool replays = OutsideData.NeedsReplay(target.Format, target.Layer.Device);
                outcome = Check(program, view, overlay, replays, cancellation);
                keep |= overlay.Blocks > 0 && (mode != CheckMode.Look) && (outcome != CheckOutcome.Clean || replays);
                view.Dispose();
                if (view.Failure is { } failure)
                    throw failure;
            }
            if (keep && outcome is not (CheckOutcome.Cancelled or CheckOutcome.Broken))
                overlay.Conclude(VerdictOf(outcome), $"{checker.Program} on {locator}");
            return new(target, checker.Program, outcome, keep ? path : null, keep ? overlay.Blocks : 0);
        }
        finally
        {
            overlay.Dispose();
            if (!keep)
                File.Delete(path);
        }
    }

    private CheckMode FirstMode => mode == CheckMode.Ask && checker.Ask is null ? CheckMode.Look : mode;

    private string ViewName => Path.GetFileName(sources.Sources[0].Path) + target.Layer.Steps.Replace('/', '-');

    private CheckOutcome Check(string program, RawView view, OverlayFile overlay, bool replays, CancellationToken cancellation)
    {
        // Without its journal a filesystem only looks inconsistent: replaying it is what any mount does, and no repair.
        if (FirstMode == CheckMode.Look && replays)
        {
            CheckOutcome replayed = Once(CheckMode.Yes, ["-E", "journal_only"]);
            if (replayed == CheckOutcome.Cancelled)
                return replayed;
        }
        CheckOutcome outcome = Once(FirstMode, options);
        CheckMode done = FirstMode;
        if (done != mode && outcome == CheckOutcome.ErrorsRemain
            && TerminalPrompt.Confirm($"Let {checker.Program} repair {locator}? Changes go to the overlay only. [y/N] ") == true)
            outcome = Once(done = CheckMode.Yes, options);
        bool changed = overlay.Blocks > 0 && overlay.Verdict == OverlayVerdict.Unfinished;
        if (!checker.LooksAgain || done == CheckMode.Look || outcome is CheckOutcome.Cancelled or CheckOutcome.Broken || !changed)
            return outcome == CheckOutcome.Repaired && !changed && checker.LooksAgain ? CheckOutcome.ErrorsRemain : outcome;
        session.Events(new Status(locator, $"{checker.Program} looks again whether all is repaired"));
        CheckOutcome second = Once(CheckMode.Look, options);
        return second == CheckOutcome.Clean ? CheckOutcome.Repaired : second;

        CheckOutcome Once(CheckMode how, IReadOnlyList<string> own)
        {
            session.Out.Flush();
            return cancellation.IsCancellationRequested ? CheckOutcome.Cancelled
                : CheckerRun.Run(checker, program, how, own, view.File, json, cancellation);
        }
    }

    private OverlayHeader NewHeader() => new()
    {
        Purpose = OverlayPurpose.Changes,
        Id = Guid.NewGuid(),
        SourceLength = sources.Disk.Size,
        LayerLength = target.Layer.Device.Length,
        SourcePath = Path.GetFullPath(sources.Sources[0].Path),
        Layer = target.Layer.Steps,
        Format = target.Format,
        Samples = OverlayBase.Samples(target.Layer.Device),
    };

    private OverlayFile OpenAgain(string path)
    {
        OverlayFile overlay = OverlayFile.Open(path, writable: true);
        try
        {
            if (overlay.Header.Purpose == OverlayPurpose.Undo)
                throw new UnsupportedException($"{Show(path)}: is an undo file: it must stay as it is", "'--overlay FILE' names another file for the changes");
            if (overlay.Header.Layer != target.Layer.Steps)
                throw new UnsupportedException($"{Show(path)}: is for the layer {overlay.Header.Layer}, not for {locator}", "'--overlay FILE' names another file for the changes");
            OverlayBase.Check(overlay, target.Layer.Device, sources.Disk.Size, locator);
            session.Events(new Status(locator, $"goes on with the overlay {Show(path)}, which changes {overlay.Blocks} blocks already"));
            return overlay;
        }
        catch
        {
            overlay.Dispose();
            throw;
        }
    }

    private static OverlayVerdict VerdictOf(CheckOutcome outcome) => outcome switch
    {
        CheckOutcome.Clean => OverlayVerdict.Clean,
        CheckOutcome.Repaired => OverlayVerdict.Repaired,
        _ => OverlayVerdict.ErrorsRemain,
    };

    private static string Show(string path) => ByteString.FromArgument(path).ToString();
}
