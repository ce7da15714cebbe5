using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;

namespace Jumpbag.Checking;

/// <summary>Tells what checks came to, and what can be done next.</summary>
public static class CheckReport
{
    public static void Tell(CheckResult result, SourceSet sources, CheckMode mode, Session session)
    {
        string locator = result.Target.Layer.Locator, image = locator[..^result.Target.Layer.Steps.Length];
        string overlay = result.Overlay is { } path ? ByteString.FromArgument(path).ToString() : "";
        string changed = $"{result.Blocks} {(result.Blocks == 1 ? "block" : "blocks")} ({ByteSize.Format(result.Blocks * 4096)})";
        switch (result.Outcome)
        {
            case CheckOutcome.Clean when result.Overlay is null:
                session.Events(new Status(locator, $"clean; {image} is untouched"));
                break;
            case CheckOutcome.Clean:
                session.Events(new Status(locator, $"clean with the overlay {overlay}: {changed} changed; {image} is untouched"));
                Next(result, sources, session);
                break;
            case CheckOutcome.Repaired:
                session.Events(new Status(locator, $"repaired in the overlay {overlay}: {changed} changed; {image} is untouched"));
                Next(result, sources, session);
                break;
            case CheckOutcome.ErrorsRemain when result.Overlay is null:
                session.Events(new Warning($"{locator}: has errors; {result.Program} told them, and nothing was repaired",
                    mode == CheckMode.Look ? $"'jumpbag fsck --yes {Words(sources, locator)}' repairs them in an overlay, the image stays as it is" : null));
                break;
            case CheckOutcome.ErrorsRemain:
                session.Events(new Warning($"{locator}: errors remain; the overlay {overlay} has what was repaired: {changed}; {image} is untouched",
                    Advice(result) ?? "run it again: it goes on from there"));
                break;
            case CheckOutcome.Cancelled:
                session.Events(new Warning($"{locator}: the check was interrupted; {(result.Overlay is null ? "nothing was changed" : $"the overlay {overlay} has what was done so far: {changed}")}",
                    result.Overlay is null ? null : $"run it again to go on from there, or delete the overlay; {image} is untouched"));
                break;
            default:
                session.Events(new SourceFailed(locator, $"{result.Program} could not do its work; {image} is untouched", Advice(result)));
                break;
        }
    }

    public static void WriteJson(Utf8JsonWriter json, CheckResult result)
    {
        json.WriteStartObject();
        json.WriteString("locator", result.Target.Layer.Locator);
        json.WriteString("format", result.Target.Format);
        json.WriteString("checker", result.Program);
        json.WriteString("outcome", result.Outcome switch
        {
            CheckOutcome.Clean => "clean",
            CheckOutcome.Repaired => "repaired",
            CheckOutcome.ErrorsRemain => "errorsRemain",
            CheckOutcome.Cancelled => "interrupted",
            _ => "failed",
        });
        json.WriteString("overlay", result.Overlay);
        json.WriteNumber("changedBlocks", result.Blocks);
        json.WriteNumber("changedBytes", result.Blocks * 4096);
        json.WriteEndObject();
    }

    /// <summary>What names a place on a command line: the locator, and the disks that were given beside it.</summary>
    public static string Words(SourceSet sources, string locator) =>
        string.Join(' ', sources.Sources.Skip(1).Select(disk => "--disk " + ShellWord.Quote(ByteString.FromArgument(disk.Path).ToString())).Prepend(ShellWord.Quote(locator)));

    private static void Next(CheckResult result, SourceSet sources, Session session)
    {
        string locator = result.Target.Layer.Locator, overlay = ShellWord.Quote(ByteString.FromArgument(result.Overlay!).ToString());
        if (FileSystemFormats.CanRead(result.Target.Format))
            session.Events(new Status("to read it", $"jumpbag cp -r --overlay {overlay} {Words(sources, locator + ":/")} ./rescued"));
        else
            session.Events(new Status("to read it", $"jumpbag mount --raw --overlay {overlay} {Words(sources, locator)} DIR, and the file there with 'mount -o ro,loop'"));
        session.Events(CommitScope.Obstacle(result.Target.Layer) is { } why
            ? new Status("it cannot be written into the disk", why)
            : new Status("to write it into the disk", $"jumpbag fsck --commit --overlay {overlay} {Words(sources, locator)}"));
    }

    private static string? Advice(CheckResult result) => result.Target.Format switch
    {
        "xfs" => "where the log must be replayed, mount it once ('jumpbag inspect --commands' prints how), or give the log up: add '-- -L'",
        "ext2" or "ext3" or "ext4" => "add what e2fsck is to try: '-- -b 32768' takes another superblock",
        _ => null,
    };
}
