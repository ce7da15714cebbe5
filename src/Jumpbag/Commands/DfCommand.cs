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
        command.AddReading();
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        using var places = new PlaceOpener(parsed.GetValue(CommonOptions.Disk) ?? [], !parsed.GetValue(CommonOptions.NoReplay), session.Events);
        var found = new List<(Layer Layer, FileSystemSummary Summary)>();
        int status = ExitStatus.Done;
        foreach (string text in parsed.GetRequiredValue(Locators))
        {
            Layer start = places.OpenLayer(text, out Locator locator);
            FileSystemOpener opener = places.Source(locator.Source);
            int before = found.Count;
            foreach (Layer layer in start.Walk().Where(FileSystemOpener.CanRead))
            {
                try
                {
                    found.Add((layer, opener.Open(layer).Summary));
                }
                catch (JumpbagException e)
                {
                    session.Events(new Warning(e.Message, e.Hint));
                    status = ExitStatus.Partial;
                }
            }
            if (found.Count == before && status == ExitStatus.Done)
                throw new NotFoundException($"{start.Locator} has no filesystem that can be read", $"'jumpbag inspect {start.Locator}' shows what is there");
        }
        if (parsed.GetValue(CommonOptions.Json))
            WriteJson(found, session.Out);
        else
            WriteText(found, parsed.GetValue(Human), parsed.GetValue(Inodes), session.Out);
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
                table.Add(layer.Locator, layer.Signature!.Format, Number(s.Inodes), Number(usedInodes), Number(s.FreeInodes), Percent(usedInodes, s.Inodes), label);
            else
                table.Add(layer.Locator, layer.Signature!.Format, Bytes(s.Capacity), Bytes(used), Bytes(s.Available), Percent(used, used + s.Available), label);
        }
        foreach (string line in table.Lines(null))
            output.WriteLine(line);

        string Bytes(long value) => human ? ByteSize.Format(value) : Number(value / 1024);
    }

    private static void WriteJson(List<(Layer Layer, FileSystemSummary Summary)> found, Output output)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
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
        output.Write(memory.ToArray());
        output.WriteLine();
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Rounded up, as df does.</summary>
    private static string Percent(long part, long whole) => whole <= 0 ? "-" : Number((long)Math.Ceiling(100.0 * part / whole)) + "%";
}
