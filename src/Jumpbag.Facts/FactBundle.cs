using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Jumpbag.Facts;

/// <summary>
/// A report in a file for others: facts.json with all facts, screen.txt as a person saw it, and below evidence/ what was read, each in a folder
/// with the machine's name and the time. Secrets are masked before they come here.
/// </summary>
public static class FactBundle
{
    public static byte[] Pack(FactReport report, string screen)
    {
        using var memory = new MemoryStream();
        using (var packed = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(packed, TarEntryFormat.Pax))
        {
            string folder = $"facts-{Word(report.Host)}-{Word(report.Time)}";
            Add(tar, $"{folder}/facts.json", report.ToDocument(withEvidence: false));
            Add(tar, $"{folder}/screen.txt", Encoding.UTF8.GetBytes(screen));
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (Evidence evidence in report.Evidence)
            {
                string name = $"{folder}/evidence/{Word(evidence.Probe)}/{Word(evidence.Name)}";
                for (int i = 2; !names.Add(name); i++)
                    name = $"{folder}/evidence/{Word(evidence.Probe)}/{Word(evidence.Name)}.{i}";
                Add(tar, name + ".txt", Encoding.UTF8.GetBytes(evidence.Text + (evidence.Truncated ? "\n(the rest was left out)\n" : "")));
            }
        }
        return memory.ToArray();
    }

    private static void Add(TarWriter tar, string name, byte[] content) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content), Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite });

    /// <summary>As a part of a file's name.</summary>
    private static string Word(string text)
    {
        var word = new StringBuilder();
        foreach (char c in text.Length > 100 ? text[..100] : text)
            word.Append(char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-');
        return word.ToString().Trim('-', '.') is { Length: > 0 } name ? name : "unnamed";
    }
}
