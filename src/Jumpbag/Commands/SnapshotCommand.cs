using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Host.Lvm;
using Jumpbag.Snapshots;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag snapshot VG/LV [-- COMMAND …], snapshot list, snapshot clean</summary>
public static class SnapshotCommand
{
    private static readonly Argument<string?> Origin = new("VG/LV") { Arity = ArgumentArity.ZeroOrOne, Description = "the volume, also as /dev/VG/LV" };
    private static readonly Argument<string[]> Words = new("command") { Arity = ArgumentArity.ZeroOrMore, Description = "behind --: what to run, with {} for the folder; without it, mount and wait" };
    private static readonly Option<string> Size = new("--size") { HelpName = "SIZE", Description = "room for what is written to the origin meanwhile, such as 5G (a fifth of the origin)" };
    private static readonly Option<string> Partition = new("--partition") { HelpName = "N", Description = "only this partition of the volume" };
    private static readonly Option<string> MountFolder = new("--mount") { HelpName = "DIR", Description = "mount on this folder" };
    private static readonly Option<string> Before = new("--before") { HelpName = "CMD", Description = "a shell command before the snapshot is made: freeze a database" };
    private static readonly Option<string> After = new("--after") { HelpName = "CMD", Description = "a shell command once it is made, or failed to be: thaw it" };
    private static readonly Option<bool> Keep = new("--keep") { Description = "leave the snapshot in the end" };
    private static readonly Argument<string[]> Names = new("VG/NAME") { Arity = ArgumentArity.ZeroOrMore, Description = "only these, also kept ones" };

    public static Command Make()
    {
        var list = new Command("list", "show the snapshots that jumpbag made and that are still there") { CommonOptions.Json, CommonOptions.Quiet };
        list.Runs(List);
        var clean = new Command("clean", "remove what a crash left behind: mounts, snapshots, folders") { Names, CommonOptions.DryRun, CommonOptions.Quiet };
        clean.Runs(Clean);
        var command = new Command("snapshot")
        {
            Origin, Words, Size, Partition, MountFolder, Before, After, Keep, CommonOptions.DryRun, CommonOptions.Quiet, CommonOptions.Progress, CommonOptions.Color, list, clean,
        };
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        SnapshotRequest request = Request(parsed);
        NeedRoot();
        if (!request.DryRun)
            return new SnapshotRun(request, session).Run();
        SnapshotDryRun.Write(request, session.Events, session.Out);
        return session.Status;
    }

    private static SnapshotRequest Request(ParseResult parsed)
    {
        // What stands before -- is ours, whatever it looks like; what stands behind it is the command's.
        List<string> before = [.. parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value)];
        bool separated = before.Count < parsed.Tokens.Count;
        int behind = separated ? parsed.Tokens.Count - before.Count - 1 : 0;
        string[] words = [.. new[] { parsed.GetValue(Origin) }.OfType<string>(), .. parsed.GetValue(Words) ?? []];
        string[] ours = words[..Math.Max(0, words.Length - behind)];
        if (ours.FirstOrDefault(word => word.StartsWith('-')) is { } unknown)
            throw new UsageException($"{unknown}: no such option", "'jumpbag snapshot --help' shows what it takes; the command's own options stand behind --");
        if (ours.Length == 0)
            throw new UsageException("no volume is named", "jumpbag snapshot VG/LV -- COMMAND … {} …; 'lvs' lists volumes");
        if (ours.Length > 1)
            throw new UsageException($"{ours[1]}: one volume is enough", $"the command stands behind --: jumpbag snapshot {ours[0]} -- {string.Join(' ', ours[1..])}");
        if (!ours[0].Contains('/', StringComparison.Ordinal) || ours[0].StartsWith('-'))
            throw new UsageException($"{ours[0]} is not VG/LV", "'lvs' lists volumes and their groups");
        string? partition = parsed.GetValue(Partition);
        if (partition is not null && (partition.Length is 0 or > 4 || !partition.All(char.IsAsciiDigit)))
            throw new UsageException($"--partition {partition}: not a number", $"'jumpbag inspect /dev/{ours[0]}' lists the partitions");
        if (separated && behind == 0)
            throw new UsageException("there is no command behind --");
        return new()
        {
            Origin = ours[0],
            Size = parsed.GetValue(Size) is { } size ? ParseSize(size) : null,
            Partition = partition,
            MountFolder = parsed.GetValue(MountFolder),
            Before = parsed.GetValue(Before),
            After = parsed.GetValue(After),
            Keep = parsed.GetValue(Keep),
            DryRun = parsed.GetValue(CommonOptions.DryRun),
            Command = [.. words[ours.Length..].Select(ByteString.FromArgument)],
        };
    }

    private static long ParseSize(string text) => ByteSize.Parse(text) ?? throw new UsageException($"--size {text}: not a size", "a number and K, M, G or T, such as 5G");

    private static int List(ParseResult parsed, Session session)
    {
        NeedRoot();
        IReadOnlyList<MadeSnapshot> all = MadeSnapshot.All();
        if (parsed.GetValue(CommonOptions.Json))
        {
            session.Out.WriteJson(json => WriteJson(all, json));
            return session.Status;
        }
        if (all.Count == 0)
        {
            session.Events(new Status("snapshots", "there are none of jumpbag's"));
            return session.Status;
        }
        var table = new Table(("Snapshot", false), ("Origin", false), ("Size", true), ("Full", true), ("Made", false), ("State", false), ("Mounted on", false));
        foreach (MadeSnapshot one in all)
            table.Add(one.Volume.FullName, one.Volume.Origin, ByteSize.Format(one.Volume.Size), one.Volume.DataPercent is { } full ? string.Create(CultureInfo.InvariantCulture, $"{full:0}%") : "",
                one.Volume.Created, one.StateText, string.Join(' ', one.Mounts.Select(mount => mount.MountPoint)));
        foreach (string line in table.Lines(null))
            session.Out.WriteLine(line);
        return session.Status;
    }

    private static void WriteJson(IReadOnlyList<MadeSnapshot> all, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (MadeSnapshot one in all)
        {
            json.WriteStartObject();
            json.WriteString("name", one.Volume.FullName);
            json.WriteString("origin", $"{one.Volume.Group}/{one.Volume.Origin}");
            json.WriteString("device", one.Volume.Path);
            json.WriteString("type", one.Volume.IsThin ? "thin" : "snapshot");
            json.WriteNumber("size", one.Volume.Size);
            if (one.Volume.DataPercent is { } full)
                json.WriteNumber("dataPercent", full);
            else
                json.WriteNull("dataPercent");
            json.WriteString("created", one.Volume.Created);
            json.WriteString("state", JsonNamingPolicy.CamelCase.ConvertName(one.State.ToString()));
            if (one.Owner is { } owner)
                json.WriteNumber("process", owner.Process);
            else
                json.WriteNull("process");
            json.WriteStartArray("mounts");
            foreach (Host.MountEntry mount in one.Mounts)
                json.WriteStringValue(mount.MountPoint.ToString());
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static int Clean(ParseResult parsed, Session session)
    {
        NeedRoot();
        session.CatchSignals(always: true);
        var leftovers = new Leftovers(session.Events, parsed.GetValue(CommonOptions.DryRun), session.Out.WriteLine);
        leftovers.Clean(parsed.GetValue(Names) ?? []);
        return leftovers.Failed > 0 ? ExitStatus.Failed : session.Status;
    }

    private static void NeedRoot()
    {
        if (ProcessIdentity.EffectiveUser != 0)
            throw new FailedException("snapshot needs root, as LVM and mounting do", "sudo jumpbag snapshot …");
    }
}
