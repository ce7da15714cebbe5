using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Probes;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Facts.Dead;

/// <summary>The logs on a disk: plain ones with those that rotation has packed; of the journal, where it is and how to read it.</summary>
internal static class DeadLogs
{
    private const int MostShown = 8, MostKept = 2000;

    private static readonly string[] Plain = ["/var/log/kern.log", "/var/log/syslog", "/var/log/messages", "/var/log/dmesg"];

    public static void Run(ProbeContext context, TimeZoneInfo zone)
    {
        var troubles = new Dictionary<KernelTrouble.Meaning, MessageGroups>();
        var others = new MessageGroups();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var kept = new Queue<string>();
        int files = 0;
        foreach (string log in Plain)
            foreach ((string path, string text) in LogFiles.Since(context, log, context.Yesterday))
            {
                files++;
                context.Info("log", FilesExtensions.Shown(path), $"{ByteSize.Format(text.Length)} read", path);
                foreach (string line in text.Split('\n'))
                    // syslog and kern.log have the kernel's lines both.
                    if (LogLine.Parse(line, context.Now, zone) is { } parsed && parsed.Time >= context.Yesterday && seen.Add(line))
                        Take(parsed, line, troubles, others, kept);
            }
        context.Keep("errors in logs", string.Join('\n', kept));
        foreach ((KernelTrouble.Meaning meaning, MessageGroups groups) in troubles)
            KernelProbe.Tell(context, meaning, groups, "its logs");
        int rank = 0;
        foreach (MessageGroups.Group group in others.Worst.Take(3 * MostShown))
            context.Add(rank++ < MostShown && context.Now - group.Last < TimeSpan.FromHours(2) ? FactLevel.Warning : FactLevel.Info, $"error {MessageGroups.Shown(MessageGroups.Pattern(group.Text), 60)}", "log", $"{MessageGroups.Shown(group.Text)} ({MessageGroups.Times(group, context.Now)})", "its logs");
        Journal(context, files);
    }

    private static void Take(LogLine line, string raw, Dictionary<KernelTrouble.Meaning, MessageGroups> troubles, MessageGroups others, Queue<string> kept)
    {
        // "[12345.678901] EXT4-fs error …": the kernel's own clock stands before its words.
        string text = line.Program == "kernel" && line.Text.StartsWith('[') && line.Text.IndexOf(']', StringComparison.Ordinal) is > 0 and var end ? line.Text[(end + 1)..].TrimStart() : line.Text;
        if (line.Program == "kernel" && KernelTrouble.Of(text) is { } meaning)
        {
            if (!troubles.TryGetValue(meaning, out MessageGroups? groups))
                troubles.Add(meaning, groups = new());
            groups.Add(text, 0, line.Time);
        }
        else if (LogTrouble.Is(line))
        {
            others.Add(line.Said, 0, line.Time);
        }
        else
        {
            return;
        }
        kept.Enqueue(raw);
        if (kept.Count > MostKept)
            kept.Dequeue();
    }

    /// <summary>Its files are systemd's own format, and journalctl reads them well.</summary>
    private static void Journal(ProbeContext context, int plain)
    {
        FileEntry[] journals = [.. context.List("/var/log/journal").Where(folder => folder.IsDirectory).SelectMany(folder => context.List(folder.Path)).Where(file => file.Name.EndsWith(".journal", StringComparison.Ordinal))];
        if (journals.Length > 0)
            context.Add(plain == 0 ? FactLevel.Warning : FactLevel.Info, "journal", "/var/log/journal", $"{journals.Length} files, {ByteSize.Format(journals.Sum(file => file.Size))}, written until {Since.Full(journals.Max(file => file.Modified))}: in systemd's own format, which 'journalctl -D ./journal -p err -e' reads once it is copied", "/var/log/journal");
        else if (plain == 0)
            context.Missing("there is neither a log of the last day nor a journal");
    }
}
