using System.Globalization;
using Jumpbag.Facts;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.FactFinding;

/// <summary>
/// A report for people: on one screen only what is abnormal, the most urgent first, each with its value, what to do next and where it was read; then what was
/// changed in the last day, and which probes have no answer.
/// </summary>
/// <param name="height">Lines of the terminal; null where all of it may be shown.</param>
internal sealed class FactsScreen(FactReport report, int? width, int? height, bool color)
{
    private const int Narrowest = 40;

    private readonly int columns = Math.Max(Narrowest, width ?? 80);

    public IEnumerable<string> Lines()
    {
        List<string> head = [.. Head()], changed = [.. Changed()], foot = [.. Foot()];
        Fact[] abnormal = [.. report.Sorted().Where(fact => fact.IsAbnormal)];
        int room = height is { } lines ? Math.Max(6, lines - 1 - head.Count - changed.Count - foot.Count - 1) : int.MaxValue;
        IReadOnlyList<string> middle = abnormal.Length == 0 ? [$"   Nothing abnormal: {report.Results.Count(result => result.Outcome == ProbeOutcome.Ok)} probes found all as it should be."] : Fitting(abnormal, room);
        return [.. head, .. middle, .. changed, .. foot];
    }

    /// <summary>All facts, by probe.</summary>
    public IEnumerable<string> All()
    {
        foreach (string line in Head())
            yield return line;
        foreach (IGrouping<string, Fact> group in report.Sorted().GroupBy(fact => fact.Probe).OrderBy(group => Order(group.Key)))
        {
            yield return Paint("1", group.Key);
            foreach (Fact fact in group)
                foreach (string line in Wrapped($"{Mark(fact.Level)} {Printable.Line(fact.Subject)}: {Printable.Line(fact.Value)} [{Printable.Line(fact.Source)}]", 3, 5))
                    yield return Colored(fact.Level, line);
        }
        foreach (ProbeResult result in report.Results.Where(result => result.Outcome != ProbeOutcome.Ok))
            yield return $"{result.Probe}: {FactLine.Word(result.Outcome)}: {Printable.Line(result.Reason ?? "")}";
        foreach (string line in Foot())
            yield return line;
    }

    private static int Order(string probe) => Probe.All.Select(one => one.Name).ToList().IndexOf(probe == Probe.Mount.Name ? "filesystems" : probe);

    private IEnumerable<string> Head()
    {
        string Value(string name) => report.Facts.FirstOrDefault(fact => fact.Probe == "machine" && fact.Name == name)?.Value ?? "";
        string time = report.Time.Length >= 19 ? $"{report.Time[..10]} {report.Time[11..19]} UTC" : report.Time;
        string what = string.Join(", ", new[] { Value("release"), Value("boot").Split(", booted")[0] }.Where(text => text.Length > 0).Select(Printable.Line));
        foreach (string line in Wrapped($"{Printable.Line(report.Host)}  {time}  {what}", 0, 2))
            yield return Paint("1", line);
    }

    /// <summary>As many as there is room for, each whole; of the others a count.</summary>
    private List<string> Fitting(Fact[] abnormal, int room)
    {
        var lines = new List<string>();
        int shown = 0;
        // Where not all fit, what to do next is kept for the worst.
        int whole = abnormal.Sum(fact => Shown(fact, true).Count());
        foreach (Fact fact in abnormal)
        {
            List<string> block = [.. Shown(fact, whole <= room || fact.Level == FactLevel.Critical || shown < 3)];
            int rest = abnormal.Length - shown > 1 ? 1 : 0;
            if (lines.Count + block.Count + rest > room)
                break;
            lines.AddRange(block);
            shown++;
        }
        if (shown < abnormal.Length)
        {
            Fact[] hidden = abnormal[shown..];
            int critical = hidden.Count(fact => fact.Level == FactLevel.Critical);
            lines.Add($"   and {(critical > 0 ? $"{critical} more that are critical, " : "")}{hidden.Length - critical} more warnings: add | less");
        }
        return lines;
    }

    private IEnumerable<string> Shown(Fact fact, bool withNext)
    {
        foreach (string line in Wrapped($"{Mark(fact.Level)} {Printable.Line(fact.Subject)}: {Printable.Line(fact.Value)}", 0, 3))
            yield return Colored(fact.Level, line);
        if (!withNext)
            yield break;
        string next = fact.Next is null ? "" : $"-> {Printable.Line(fact.Next)}", source = $"[{Printable.Line(fact.Source)}]";
        foreach (string line in Wrapped(next.Length == 0 ? source : $"{next}  {source}", 3, 6))
            yield return Paint("2", line);
    }

    private IEnumerable<string> Changed()
    {
        Fact[] changed = [.. report.Sorted().Where(fact => fact.Level == FactLevel.Changed)];
        if (changed.Length == 0)
            yield break;
        yield return Paint("1", "Changed in the last day (UTC)");
        int widest = Math.Min(12, changed.Max(fact => fact.Subject.Length));
        foreach (Fact fact in changed)
        {
            string line = $"   {Printable.Line(fact.Subject).PadRight(widest)} {Printable.Line(fact.Value)}";
            yield return line.Length <= columns ? line : line[..(columns - 1)] + "…";
        }
    }

    private IEnumerable<string> Foot()
    {
        var parts = new List<string> { string.Create(CultureInfo.InvariantCulture, $"{report.Results.Count} probes in {report.Seconds:0.0} s") };
        foreach (IGrouping<ProbeOutcome, ProbeResult> group in report.Results.Where(result => result.Outcome != ProbeOutcome.Ok).GroupBy(result => result.Outcome).OrderBy(group => group.Key))
            parts.Add($"{FactLine.Word(group.Key)}: {string.Join(", ", group.Select(result => Printable.Line(result.Probe)))}");
        int hidden = report.Count(FactLevel.Info);
        if (hidden > 0)
            parts.Add($"{hidden} facts as they should be: --all");
        return Wrapped(string.Join(" · ", parts), 0, 2).Select(line => Paint("2", line));
    }

    private static string Mark(FactLevel level) => level switch
    {
        FactLevel.Critical => "!!",
        FactLevel.Warning => " !",
        FactLevel.Changed => " ~",
        _ => "  ",
    };

    private string Colored(FactLevel level, string line) => level switch
    {
        FactLevel.Critical => Paint("1;31", line),
        FactLevel.Warning => Paint("33", line),
        _ => line,
    };

    private string Paint(string code, string text) => color ? $"\e[{code}m{text}\e[0m" : text;

    /// <summary>Broken between words; what is longer than a line stays whole, since it may be copied.</summary>
    private IEnumerable<string> Wrapped(string text, int first, int others)
    {
        string indentation = new(' ', first);
        while (indentation.Length + text.Length > columns)
        {
            int most = columns - indentation.Length;
            int at = text.LastIndexOf(' ', Math.Min(most, text.Length - 1));
            if (at <= 3)
                at = text.IndexOf(' ', Math.Min(most, text.Length - 1));
            if (at <= 3)
                break;
            yield return indentation + text[..at].TrimEnd();
            text = text[(at + 1)..].TrimStart();
            indentation = new(' ', others);
        }
        yield return indentation + text;
    }
}
