using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Jumpbag.Core;

namespace Jumpbag.Facts;

/// <summary>What a run has found, of one machine.</summary>
public sealed class FactReport
{
    /// <summary>Of a bundle, unpacked: no run writes more, and a hostile one is not worth more memory.</summary>
    private const int MostBytes = 64 << 20;

    private const string FactsEntry = "facts.json";

    public string Host { get; set; } = "";

    /// <summary>When it began; as it stands there, RFC 3339.</summary>
    public string Time { get; set; } = "";

    public string Version { get; set; } = "";

    public double Seconds { get; set; }

    /// <summary>Each only once: the worst of those with one key.</summary>
    public List<Fact> Facts { get; } = [];

    public List<ProbeResult> Results { get; } = [];

    public List<Evidence> Evidence { get; } = [];

    /// <summary>Takes a line of a run in.</summary>
    public void Add(FactLine line)
    {
        if (line.ToFact() is { } fact)
            Add(fact);
        else if (line.ToResult() is { } result)
            Results.Add(result);
        else if (line.ToEvidence() is { } evidence)
            Evidence.Add(evidence);
        else if (line.Type == "begin")
            (Host, Time, Version) = (line.Host ?? Host, line.Time ?? Time, line.Version ?? Version);
        else if (line.Type == "end")
            Seconds = line.Seconds ?? Seconds;
    }

    /// <summary>The worst first, else in the order of the probes and as they were found.</summary>
    public IEnumerable<Fact> Sorted()
    {
        string[] order = [.. Probe.All.Select(probe => probe.Name)];
        return Facts.OrderByDescending(fact => fact.Level).ThenBy(fact => fact.Probe == Probe.Mount.Name ? Array.IndexOf(order, "filesystems") : Array.IndexOf(order, fact.Probe));
    }

    public int Count(FactLevel level) => Facts.Count(fact => fact.Level == level);

    public FactLine Begin() => new() { Type = "begin", Host = Host, Time = Time, Version = Version };

    public FactLine End() =>
        new() { Type = "end", Host = Host, Seconds = Math.Round(Seconds, 3), Critical = Count(FactLevel.Critical), Warning = Count(FactLevel.Warning), Changed = Count(FactLevel.Changed) };

    /// <summary>One JSON document: host, time, version, seconds, and arrays of probes, facts and evidence.</summary>
    public byte[] ToDocument(bool withEvidence)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory, new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("host", Host);
            json.WriteString("time", Time);
            json.WriteString("version", Version);
            json.WriteNumber("seconds", Math.Round(Seconds, 3));
            Write(json, "probes", Results.Select(FactLine.Of));
            Write(json, "facts", Sorted().Select(FactLine.Of));
            if (withEvidence)
                Write(json, "evidence", Evidence.Select(FactLine.Of));
            json.WriteEndObject();
        }
        memory.WriteByte((byte)'\n');
        return memory.ToArray();
    }

    /// <summary>As it was written by a run: lines, one document, or a bundle.</summary>
    /// <exception cref="JumpbagException">The file is not there, or is none of these.</exception>
    public static FactReport Read(string path)
    {
        byte[] content;
        try
        {
            using FileStream file = File.OpenRead(path);
            content = ReadMost(file, path);
            if (content is [0x1F, 0x8B, ..])
                content = FromBundle(content, path);
        }
        catch (FileNotFoundException)
        {
            throw new NotFoundException($"{path}: no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: {e.Message}", null, e);
        }
        return Parse(content) ?? throw new FailedException($"{path}: holds no facts", "'jumpbag facts --json' and 'jumpbag facts --bundle FILE' write such files");
    }

    /// <summary>Null of what is neither lines nor a document.</summary>
    internal static FactReport? Parse(byte[] content)
    {
        var report = new FactReport();
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("facts", out JsonElement facts) && facts.ValueKind == JsonValueKind.Array)
            {
                (report.Host, report.Time) = (Text(root, "host"), Text(root, "time"));
                foreach (string name in new[] { "facts", "probes" })
                    if (root.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array)
                        foreach (JsonElement one in list.EnumerateArray())
                            if (FactLine.Parse(one.GetRawText()) is { } line)
                                report.Add(line);
                return report;
            }
        }
        catch (JsonException)
        {
            // Lines, then.
        }
        foreach (string text in Encoding.UTF8.GetString(content).Split('\n'))
            if (text.StartsWith('{') && FactLine.Parse(text) is { } line)
                report.Add(line);
        return report.Facts.Count + report.Results.Count > 0 ? report : null;
    }

    private void Add(Fact fact)
    {
        int known = Facts.FindIndex(other => other.Key == fact.Key);
        if (known < 0)
            Facts.Add(fact);
        else if (fact.Level > Facts[known].Level)
            Facts[known] = fact;
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<FactLine> lines)
    {
        json.WriteStartArray(name);
        foreach (FactLine line in lines)
            json.WriteRawValue(line.ToBytes().AsSpan(..^1));
        json.WriteEndArray();
    }

    private static string Text(JsonElement at, string name) => at.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static byte[] ReadMost(Stream stream, string path)
    {
        using var memory = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            memory.Write(buffer, 0, count);
            if (memory.Length > MostBytes)
                throw new FailedException($"{path}: is larger than {MostBytes >> 20} MiB, which no bundle is");
        }
        return memory.ToArray();
    }

    private static byte[] FromBundle(byte[] packed, string path)
    {
        try
        {
            using var unpacked = new MemoryStream(ReadMost(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress), path));
            using var tar = new TarReader(unpacked);
            while (tar.GetNextEntry() is { } entry)
                if (Path.GetFileName(entry.Name) == FactsEntry && entry.DataStream is { } data)
                    return ReadMost(data, path);
            return unpacked.ToArray();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or EndOfStreamException)
        {
            throw new FailedException($"{path}: the archive is damaged: {e.Message}", null, e);
        }
    }
}
