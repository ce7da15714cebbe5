using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>The kernel's log of the last day, what of it is trouble, and its taint.</summary>
internal static class KernelProbe
{
    private const int Error = 3, MostShown = 12, MostRecords = 200_000, MostKept = 400;

    /// <summary>An error without a known meaning is tonight's only if it is new; a trouble that has one bleeds no more after some hours, but warns still.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromHours(2), Over = TimeSpan.FromHours(6);

    /// <summary>Bits of /proc/sys/kernel/tainted that tell of trouble, not of drivers' licences.</summary>
    private static readonly (int Bit, string What)[] Taints =
    [
        (4, "a machine check was reported (hardware)"), (5, "a bad page was found (memory)"), (7, "it has died once (oops)"), (9, "it warned of itself"), (14, "a soft lockup happened"),
    ];

    public static void Run(ProbeContext context)
    {
        Taint(context);
        if (context.Files.Line("/proc/uptime")?.Split(' ') is not [var up, ..] || !double.TryParse(up, CultureInfo.InvariantCulture, out double seconds))
        {
            context.Missing("/proc/uptime is not there");
            return;
        }
        IEnumerable<string> records;
        try
        {
            context.At("/dev/kmsg");
            records = KernelState.Messages().Take(MostRecords).ToArray();
        }
        catch (FailedException e)
        {
            if (e.Message.Contains("permitted", StringComparison.Ordinal) || e.Message.Contains("denied", StringComparison.Ordinal))
                context.Denied($"{e.Message}; the kernel's log needs root");
            else
                context.Missing(e.Message);
            return;
        }
        Report(context, records, context.Now - TimeSpan.FromSeconds(seconds), "/dev/kmsg");
    }

    internal static void Report(ProbeContext context, IEnumerable<string> records, DateTimeOffset booted, string source)
    {
        var troubles = new Dictionary<KernelTrouble.Meaning, MessageGroups>();
        var others = new MessageGroups();
        var kept = new Queue<string>();
        foreach (string text in records)
        {
            // What programs write there is in the logs too.
            if (KernelRecord.Parse(text) is not { Facility: 0 } record)
                continue;
            DateTimeOffset time = booted + record.SinceBoot;
            kept.Enqueue($"{Since.Full(time)} <{record.Priority}> {record.Text}");
            if (kept.Count > MostKept)
                kept.Dequeue();
            if (time < context.Yesterday)
                continue;
            if (KernelTrouble.Of(record.Text) is { } meaning)
            {
                if (!troubles.TryGetValue(meaning, out MessageGroups? groups))
                    troubles.Add(meaning, groups = new());
                groups.Add(record.Text, record.Priority, time);
            }
            else if (record.Priority <= Error && !KernelTrouble.IsAdvice(record.Text))
            {
                others.Add(record.Text, record.Priority, time);
            }
        }
        context.Keep("dmesg", string.Join('\n', kept));
        foreach ((KernelTrouble.Meaning meaning, MessageGroups groups) in troubles)
            Tell(context, meaning, groups, source);
        int shown = 0;
        foreach (MessageGroups.Group group in others.Worst.Take(MostShown))
            context.Add(shown++ < 3 && context.Now - group.Last < Recent ? FactLevel.Warning : FactLevel.Info, $"message {MessageGroups.Shown(MessageGroups.Pattern(group.Text), 60)}", "kernel",
                $"{MessageGroups.Shown(group.Text)} ({MessageGroups.Times(group, context.Now)})", source, "dmesg -T --level=err,crit,alert,emerg");
    }

    /// <summary>One fact a kind: on one screen nobody wants to read a bad disk's thousand sectors.</summary>
    internal static void Tell(ProbeContext context, KernelTrouble.Meaning meaning, MessageGroups groups, string source)
    {
        MessageGroups.Group[] worst = [.. groups.Worst.Take(MostShown)];
        DateTimeOffset last = worst.Max(group => group.Last);
        FactLevel level = meaning.Level == FactLevel.Critical && context.Now - last > Over ? FactLevel.Warning : meaning.Level;
        MessageGroups.Group newest = worst.MaxBy(group => group.Last)!;
        string count = groups.Messages == 1 ? Since.Clock(last, context.Now) : $"{groups.Messages} messages, last {Since.Clock(last, context.Now)}";
        context.Add(level, meaning.Kind, "kernel", $"{MessageGroups.Shown(newest.Text)} ({count})", source, meaning.Next);
        foreach (MessageGroups.Group group in worst)
            context.Info($"{meaning.Kind} {MessageGroups.Shown(MessageGroups.Pattern(group.Text), 60)}", "kernel", $"{MessageGroups.Shown(group.Text, 300)} ({MessageGroups.Times(group, context.Now)})", source);
    }

    private static void Taint(ProbeContext context)
    {
        if (context.Files.Number("/proc/sys/kernel/tainted") is not { } taint)
            return;
        context.Info("taint", "kernel", taint.ToString(CultureInfo.InvariantCulture), "/proc/sys/kernel/tainted");
        foreach ((int bit, string what) in Taints)
            if ((taint >> bit & 1) != 0)
                context.Warning($"taint{bit}", "kernel", $"{what} since boot", $"/proc/sys/kernel/tainted = {taint}", "dmesg -T; a reboot is the only way back");
    }
}
