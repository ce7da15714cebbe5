using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Probes;
using Jumpbag.Facts.SystemdJournal;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Facts.Dead;

/// <summary>The logs on a disk: plain ones with those that rotation has packed, and the files of systemd's journal.</summary>
internal sealed class DeadLogs(ProbeContext context, TimeZoneInfo zone)
{
    private const int MostShown = 8, MostKept = 2000, MostJournals = 32, Error = 3;

    private static readonly string[] Plain = ["/var/log/kern.log", "/var/log/syslog", "/var/log/messages", "/var/log/dmesg"];

    private readonly Dictionary<KernelTrouble.Meaning, MessageGroups> troubles = [];
    private readonly MessageGroups others = new();

    /// <summary>Where syslog runs, it writes down again what the journal has: who said what in which second.</summary>
    private readonly HashSet<(long Second, string Said)> seen = [];
    private readonly Queue<string> kept = new();

    public static void Run(ProbeContext context, TimeZoneInfo zone) => new DeadLogs(context, zone).Run();

    private void Run()
    {
        bool any = false;
        foreach (string log in Plain)
            foreach ((string path, string text) in LogFiles.Since(context, log, context.Yesterday))
            {
                any = true;
                context.Info("log", FilesExtensions.Shown(path), $"{ByteSize.Format(text.Length)} read", path);
                foreach (string line in text.Split('\n'))
                    // syslog and kern.log have the kernel's lines both.
                    if (LogLine.Parse(line, context.Now, zone) is { } parsed && parsed.Time >= context.Yesterday)
                        Take(parsed, line);
            }
        foreach (FileEntry journal in Journals())
        {
            any = true;
            Journal(journal);
        }
        if (!any)
            context.Missing("there is neither a log of the last day nor a journal");
        Report();
    }

    private void Take(LogLine line, string raw)
    {
        // "[12345.678901] EXT4-fs error …": the kernel's own clock stands before its words.
        bool kernel = line.Program == "kernel";
        string text = kernel && line.Text.StartsWith('[') && line.Text.IndexOf(']', StringComparison.Ordinal) is > 0 and var end ? line.Text[(end + 1)..].TrimStart() : line.Text;
        LogLine said = line with { Text = text };
        if ((kernel && KernelTrouble.Of(text) is not null || LogTrouble.Is(line)) && seen.Add((line.Time.ToUnixTimeSeconds(), said.Said)))
            Add(said, raw);
    }

    private void Journal(FileEntry file)
    {
        try
        {
            var reader = new JournalReader(new(context.Files, file.Path, file.Size));
            int errors = 0;
            foreach (JournalEntry entry in reader.Troubles(context.Yesterday))
            {
                var line = new LogLine(entry.Time, entry.IsOfKernel ? "kernel" : entry.Program, entry.Message.Trim());
                if (KernelTrouble.IsAdvice(line.Text) || (entry.Priority > Error && (!entry.IsOfKernel || KernelTrouble.Of(line.Text) is null)))
                    continue;
                errors++;
                if (!seen.Contains((line.Time.ToUnixTimeSeconds(), line.Said)))
                    Add(line, $"{Since.Full(line.Time)} {line.Said}");
            }
            context.Info("journal", FilesExtensions.Shown(file.Path), $"{errors} errors and troubles of the last day, {ByteSize.Format(file.Size)}", file.Path);
            if (reader.Damage is { Count: > 0 } damage)
                context.Failed($"{file.Path} is damaged in {damage.Count} {(damage.Count == 1 ? "place" : "places")} ({damage.First}); what is readable was read");
            if (reader.IsTruncated)
                context.Truncated($"{file.Path} has more errors than are read; the newest were");
        }
        catch (JumpbagException e)
        {
            context.Failed($"{file.Path} was not read: {e.Message}");
        }
    }

    private void Add(LogLine line, string raw)
    {
        if (line.Program == "kernel" && KernelTrouble.Of(line.Text) is { } meaning)
        {
            if (!troubles.TryGetValue(meaning, out MessageGroups? groups))
                troubles.Add(meaning, groups = new());
            groups.Add(line.Text, 0, line.Time);
        }
        else
        {
            others.Add(line.Said, 0, line.Time);
        }
        kept.Enqueue(raw);
        if (kept.Count > MostKept)
            kept.Dequeue();
    }

    private void Report()
    {
        context.Keep("errors in logs", string.Join('\n', kept));
        foreach ((KernelTrouble.Meaning meaning, MessageGroups groups) in troubles)
            KernelProbe.Tell(context, meaning, groups, "its logs");
        int rank = 0;
        foreach (MessageGroups.Group group in others.Worst.Take(3 * MostShown))
            context.Add(rank++ < MostShown && context.Now - group.Last < TimeSpan.FromHours(2) ? FactLevel.Warning : FactLevel.Info, $"error {MessageGroups.Shown(MessageGroups.Pattern(group.Text), 60)}", "log", $"{MessageGroups.Shown(group.Text)} ({MessageGroups.Times(group, context.Now)})", "its logs");
    }

    /// <summary>Files of the last day. Those whose name ends with "~" were not closed when the machine went down.</summary>
    private FileEntry[] Journals() =>
        [.. context.List("/var/log/journal").Where(folder => folder.IsDirectory).SelectMany(folder => context.List(folder.Path))
            .Where(file => file.IsRegular && file.Modified >= context.Yesterday && (file.Name.EndsWith(".journal", StringComparison.Ordinal) || file.Name.EndsWith(".journal~", StringComparison.Ordinal)))
            .OrderByDescending(file => file.Modified).Take(MostJournals)];
}
