using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Storage.Layers;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag df LOCATOR…</summary>
public static class DfCommand
{
    private static readonly Argument<string[]> Locators = new("locator") { Arity = ArgumentArity.OneOrMore, Description = "disks, or layers of them, such as disk.img@2" };
    private static readonly Option<bool> Human = new("--human-readable", "-h") { Description = "sizes like 1.5K, 48G" };
    private static readonly Option<bool> Inodes = new("--inodes", "-i") { Description = "inodes instead of bytes" };

    public static Command Make()
    {
        var command = new Command("df") { Locators, Human, Inodes, CommonOptions.Json };
        command.Reads(Run);
        return command;
    }

    private static int Run(Reading reading)
    {
        var found = new List<(Layer Layer, FileSystemSummary Summary)>();
        int status = ExitStatus.Done;
        foreach (string text in reading.Parsed.GetRequiredValue(Locators))
        {
            Layer start = reading.Places.OpenLayer(text, out Locator locator);
            FileSystemOpener opener = reading.Places.Source(locator.Source);
            int before = found.Count;
            foreach (Layer layer in start.Walk().Where(FileSystemOpener.CanRead))
            {
                try
                {
                    found.Add((layer, opener.Open(layer).Summary));
                }
                catch (JumpbagException e)
                {
                    reading.Session.Events(new Warning(e.Message, e.Hint));
                    status = ExitStatus.Partial;
                }
            }
            reading.Places.TellOpened();
            if (found.Count == before && status == ExitStatus.Done)
                throw new NotFoundException($"{start.Locator} has no filesystem that can be read", $"'jumpbag inspect {start.Locator}' shows what is there");
        }
        if (reading.Json)
            reading.Out.WriteJson(json => WriteJson(found, json));
        else
            WriteText(found, reading.Has(Human), reading.Has(Inodes), reading.Out);
        return status;
    }

    private static void WriteText(List<(Layer Layer, FileSystemSummary Summary)> found, bool human, bool inodes, Output output)
    {
        var table = inodes
            ? new Table(("Filesystem", false), ("Type", false), ("Inodes", true), ("IUsed", true), ("IFree", true), ("IUse%", true), ("Label", false))
            : new Table(("Filesystem", false), ("Type", false), (human ? "Size" : "1K-blocks", true), ("Used", true), ("Available", true), ("Use%", true), ("Label", false));
        foreach ((Layer layer, FileSystemSummary s) in found)
        {
            long used = s.Capacity - s.Free, usedInodes = s.Inodes - s.FreeInodes;
            string label = s.Label is { } name ? ByteString.FromText(name).ToString() : "";
            if (inodes)
                table.Add(layer.Locator, layer.Signature!.Format, Number(s.Inodes), Number(usedInodes), Number(s.FreeInodes), Percent(ByteSize.Percent(usedInodes, s.Inodes)), label);
            else
                table.Add(layer.Locator, layer.Signature!.Format, Bytes(s.Capacity), Bytes(used), Bytes(s.Available), Percent(s.UsedPercent), label);
        }
        foreach (string line in table.Lines(null))
            output.WriteLine(line);

        string Bytes(long value) => human ? ByteSize.Ceiling(value) : Number(value / 1024);
    }

    private static void WriteJson(List<(Layer Layer, FileSystemSummary Summary)> found, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach ((Layer layer, FileSystemSummary s) in found)
        {
            json.WriteStartObject();
            json.WriteString("locator", layer.Locator);
            json.WriteString("format", layer.Signature!.Format);
            json.WriteString("label", s.Label);
            json.WriteNumber("capacity", s.Capacity);
            json.WriteNumber("used", s.Capacity - s.Free);
            json.WriteNumber("available", s.Available);
            json.WriteNumber("inodes", s.Inodes);
            json.WriteNumber("freeInodes", s.FreeInodes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Percent(long? percent) => percent is { } known ? $"{Number(known)}%" : "-";
}
