using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Overlays;
using Jumpbag.Storage.Overlays.Format;

namespace Jumpbag.Checking;

/// <summary>Writes an overlay into the disk that it is for, keeping an undo file; or writes an undo file back.</summary>
/// <param name="sources">Opened so that holes are told as data.</param>
/// <param name="path">Of the overlay, or of the undo file.</param>
public sealed class CommitRun(SourceSet sources, string path, OverlayPurpose purpose, bool yes, Session session)
{
    private bool IsUndo => purpose == OverlayPurpose.Undo;

    public int Run(bool dryRun)
    {
        using OverlayFile file = OverlayFile.Open(path, writable: !dryRun);
        Layer layer = Check(file);
        var commit = new OverlayCommit(file, layer.Device, layer.Locator);
        CommitPlan plan = commit.Plan();
        string counted = $"{plan.Blocks} {(plan.Blocks == 1 ? "block" : "blocks")} ({ByteSize.Format(plan.Bytes)})";
        string targets = string.Join(", ", plan.Sources.Select(source => Show(source.Path)));
        if (plan.Blocks == 0)
        {
            session.Events(new Status(layer.Locator, $"has all that is in {Show(path)} already: nothing is to be written"));
            return dryRun ? ExitStatus.Done : Finish(file);
        }
        string? undo = IsUndo ? null : ChooseUndo(file);
        session.Events(new Status(layer.Locator, $"{counted} of {targets} will be overwritten{(plan.Blocks == file.Blocks ? "" : $"; the other {file.Blocks - plan.Blocks} of {Show(path)} are there already")}"));
        if (undo is not null)
            session.Events(new Status("what stands there now", $"is kept in {Show(undo)}"));
        if (plan.Unsaved > 0)
            session.Events(new Warning($"{layer.Locator}: {plan.Unsaved} of these blocks cannot be read as they are now, so that no undo brings that back"));
        foreach (var source in plan.Sources)
            if (FileUsers.Of(source.Path) is { Count: > 0 } users)
                throw new UnsupportedException($"{Show(source.Path)}: is in use: {string.Join(", ", users.Take(4))}", "end that, then run this again");
        if (dryRun)
            return ExitStatus.Done;
        if (!yes && TerminalPrompt.Confirm($"Write {counted} into {targets}? [y/N] ") is var answer && answer != true)
            throw answer is null ? new UnsupportedException($"{targets}: would be written to, and there is no terminal to ask at", "'--yes' says that it may be")
                : new FailedException("nothing was written");
        CancellationToken cancellation = session.CatchSignals();
        using SourceWriters writers = SourceWriters.Open(plan.Sources);
        if (undo is not null && !File.Exists(undo))
            commit.WriteUndo(undo);
        try
        {
            long written = commit.Apply(writers, session.Events, plan.Blocks, cancellation);
            session.Events(new Status(layer.Locator, $"{written} {(written == 1 ? "block" : "blocks")} written to {targets}"));
        }
        catch (OperationCanceledException)
        {
            session.Events(new Warning($"{targets}: only a part was written", "run the same again to write the rest" + (IsUndo ? "" : ", or 'jumpbag fsck --undo' to put back what stood there")));
            throw;
        }
        if (undo is not null)
            session.Events(new Status("to put it back", $"jumpbag fsck --undo --overlay {ShellWord.Quote(Show(undo))} {CheckReport.Words(sources, layer.Locator)}"));
        return Finish(file);
    }

    /// <summary>What the file held is in the disk now; a later check begins a new one.</summary>
    private int Finish(OverlayFile file)
    {
        File.Delete(file.Path);
        session.Events(new Status(Show(path), "removed: the disk has all that was in it"));
        return session.Status;
    }

    private Layer Check(OverlayFile file)
    {
        if (file.Header.Purpose != purpose)
            throw new UsageException($"{Show(path)}: is {(IsUndo ? "an overlay of changes" : "an undo file")}", IsUndo ? "'--commit' writes it" : "'--undo' writes it back");
        if (file.Verdict == OverlayVerdict.Unfinished)
            throw IsUndo
                ? new UnsupportedException($"{Show(path)}: is not whole: the commit was cut short before it wrote anything", "delete it: the disk is as it was")
                : new UnsupportedException($"{Show(path)}: the check that made it did not come to its end", "run 'jumpbag fsck' again, which goes on from there");
        if (file.Verdict == OverlayVerdict.ErrorsRemain)
            session.Events(new Warning($"{Show(path)}: errors remain in what it makes of the disk"));
        Layer layer;
        try
        {
            layer = LayerResolver.Resolve(sources.Disk, LayerResolver.Split(file.Header.Layer));
        }
        catch (NotFoundException e)
        {
            throw new UnsupportedException($"{Show(path)}: {e.Message}", $"it was made for {Show(file.Header.SourcePath)}{file.Header.Layer}");
        }
        CommitScope.Check(layer);
        OverlayBase.Check(file, layer.Device, sources.Disk.Size, layer.Locator);
        return layer;
    }

    /// <summary>That of the same commit where it was cut short, else the first name that is free.</summary>
    private string ChooseUndo(OverlayFile file)
    {
        int number = 1;
        foreach (string found in OverlayPlace.UndosOf(path))
        {
            number++;
            using OverlayFile undo = OverlayFile.Open(found, writable: false);
            if (undo.Header.Undoes != file.Header.Id)
                continue;
            if (undo.Verdict != OverlayVerdict.Unfinished)
                return found;
            // Cut short before the disk was touched: it has nothing that the disk does not have.
            File.Delete(found);
            return found;
        }
        return OverlayPlace.UndoOf(path, number);
    }

    private static string Show(string name) => ByteString.FromArgument(name).ToString();
}
