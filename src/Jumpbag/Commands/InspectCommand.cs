using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;
using Jumpbag.Inspecting;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Search;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag inspect LOCATOR…</summary>
public static class InspectCommand
{
    private static readonly Argument<string[]> Locators = new("locator") { Arity = ArgumentArity.OneOrMore, Description = "disks, images or devices, or layers of them, such as disk.img@2" };
    private static readonly Option<bool> Search = new("--search") { Description = "scan everything for lost filesystems and partitions" };
    private static readonly Option<bool> HandCommandsOnly = new("--commands") { Description = "print the losetup, mount and fsck lines that do the same by hand" };

    public static Command Make()
    {
        var command = new Command("inspect") { Locators, Search, HandCommandsOnly, CommonOptions.Json, CommonOptions.Progress, CommonOptions.Color };
        command.AddReading();
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        // What a status line would say stands in the picture itself.
        EventSink events = happened => { if (happened is not Status && (happened is not Warning || parsed.GetValue(Search))) session.Events(happened); };
        using var places = new PlaceOpener(parsed.GetValue(CommonOptions.Disk) ?? [], !parsed.GetValue(CommonOptions.NoReplay), events);
        using var memory = new MemoryStream();
        using var json = new Utf8JsonWriter(memory);
        string[] locators = parsed.GetRequiredValue(Locators);
        bool wantsJson = parsed.GetValue(CommonOptions.Json), several = locators.Length > 1;
        if (wantsJson && several)
            json.WriteStartArray();
        foreach (string text in locators)
        {
            Layer layer = places.OpenLayer(text, out Locator locator);
            FileSystemOpener opener = places.Source(locator.Source);
            foreach (FileSource source in opener.Sources.Sources)
                foreach (string mountPoint in MountTable.MountedReadWrite(source.Path))
                    session.Events(new Warning($"{source.Path} is mounted read-write at {mountPoint} right now: what is read may be half old, half new",
                        "unmount it, or look at a snapshot of it"));
            if (parsed.GetValue(Search))
                RunSearch(layer, wantsJson ? json : null, session);
            else
                Show(layer, opener, wantsJson ? json : null, parsed, session);
        }
        if (wantsJson && several)
            json.WriteEndArray();
        json.Flush();
        session.Out.Write(memory.ToArray());
        if (wantsJson)
            session.Out.WriteLine();
        return session.Status;
    }

    private static void Show(Layer layer, FileSystemOpener opener, Utf8JsonWriter? json, ParseResult parsed, Session session)
    {
        LayerReport report = LayerReport.Of(layer, opener);
        foreach (LayerReport part in report.Walk())
            foreach (string warning in part.Warnings)
                session.Events(new Warning($"{part.Layer.Locator}: {warning}"));
        if (json is not null)
            InspectJson.Write(json, report);
        else if (parsed.GetValue(HandCommandsOnly))
            foreach (string line in new HandCommands(opener.Sources.Disks).Lines(report))
                session.Out.WriteLine(line);
        else
            InspectText.Write(report, session.Out, Screen.Width());
    }

    private static void RunSearch(Layer layer, Utf8JsonWriter? json, Session session)
    {
        List<FoundSuperblock> found = [.. SuperblockSearch.Run(layer.Device, session.Events, session.CatchSignals())];
        if (json is not null)
        {
            WriteSearchJson(layer, found, json);
            return;
        }
        if (found.Count == 0)
        {
            session.Out.WriteLine($"{layer.Locator}: no filesystem found in {ByteSize.Format(layer.Size)}");
            return;
        }
        var table = new Table(("LOCATOR", false), ("SIZE", true), ("FORMAT", false), ("LABEL", false), ("UUID", false), ("", false));
        foreach (FoundSuperblock one in found)
            table.Add($"{layer.Locator}@offset={one.Offset.ToString(CultureInfo.InvariantCulture)}", one.Size is { } size ? ByteSize.Format(size) : "",
                one.Format, one.Label is { } label ? ByteString.FromText(label).ToString() : "", one.Uuid ?? "", one.Note);
        foreach (string line in table.Lines(Screen.Width()))
            session.Out.WriteLine(line);
    }

    private static void WriteSearchJson(Layer layer, List<FoundSuperblock> found, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (FoundSuperblock one in found)
        {
            json.WriteStartObject();
            json.WriteString("locator", $"{layer.Locator}@offset={one.Offset.ToString(CultureInfo.InvariantCulture)}");
            json.WriteNumber("offset", one.Offset);
            if (one.Size is { } size)
                json.WriteNumber("size", size);
            else
                json.WriteNull("size");
            json.WriteString("format", one.Format);
            json.WriteString("label", one.Label);
            json.WriteString("uuid", one.Uuid);
            json.WriteBoolean("fromBackup", one.FromBackup);
            json.WriteString("note", one.Note);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
