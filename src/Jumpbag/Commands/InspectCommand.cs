using System.CommandLine;
using System.Text.Json;
using Jumpbag.CommandLine;
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
        command.Reads(Run);
        return command;
    }

    private static int Run(Reading reading)
    {
        using var memory = new MemoryStream();
        using var json = reading.Json ? new Utf8JsonWriter(memory) : null;
        string[] locators = reading.Parsed.GetRequiredValue(Locators);
        if (locators.Length > 1)
            json?.WriteStartArray();
        foreach (string text in locators)
        {
            Layer layer = reading.Places.OpenLayer(text, out Locator locator);
            FileSystemOpener opener = reading.Places.Source(locator.Source);
            foreach (FileSource source in opener.Sources.Sources)
                foreach (string mountPoint in MountTable.MountedReadWrite(source.Path))
                    reading.Session.Events(new Warning($"{source.Path} is mounted read-write at {mountPoint} right now: what is read may be half old, half new",
                        "unmount it, or look at a snapshot of it"));
            if (reading.Has(Search))
                RunSearch(layer, json, reading);
            else
                Show(layer, opener, json, reading);
        }
        if (locators.Length > 1)
            json?.WriteEndArray();
        json?.Flush();
        reading.Out.Write(memory.ToArray());
        if (json is not null)
            reading.Out.WriteLine();
        return reading.Session.Status;
    }

    private static void Show(Layer layer, FileSystemOpener opener, Utf8JsonWriter? json, Reading reading)
    {
        LayerReport report = LayerReport.Of(layer, opener);
        foreach (LayerReport part in report.Walk())
            foreach (string warning in part.Warnings)
                reading.Session.Events(new Warning($"{part.Layer.Locator}: {warning}"));
        if (json is not null)
            InspectJson.Write(json, report);
        else if (reading.Has(HandCommandsOnly))
            foreach (string line in new HandCommands(opener.Sources.Disks).Lines(report))
                reading.Out.WriteLine(line);
        else
            InspectText.Write(report, reading.Out, Screen.Width());
    }

    private static void RunSearch(Layer layer, Utf8JsonWriter? json, Reading reading)
    {
        var report = new SearchReport(layer, SuperblockSearch.Run(layer.Device, reading.Session.Events, reading.Session.CatchSignals()));
        if (json is not null)
            report.WriteJson(json);
        else
            report.WriteText(reading.Out, Screen.Width());
    }
}
