using System.CommandLine;
using System.Text.Json;
using Jumpbag.CommandLine;
using Jumpbag.Facts;
using Jumpbag.Incident.Texts;

namespace Jumpbag.FactFinding;

/// <summary>jumpbag facts diff A B</summary>
internal static class DiffVerb
{
    private static readonly Argument<string> Before = new("before") { Description = "a bundle, or what --json wrote" };
    private static readonly Argument<string> After = new("after") { Description = "a later one, or another machine's" };

    public static Command Make()
    {
        var command = new Command("diff", "show what is different between two runs or machines") { Before, After, FactsOptions.All, CommonOptions.Json };
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        FactReport before = FactReport.Read(parsed.GetRequiredValue(Before)), after = FactReport.Read(parsed.GetRequiredValue(After));
        IReadOnlyList<FactDifference> found = FactDifference.Between(before, after);
        if (parsed.GetValue(CommonOptions.Json))
        {
            session.Out.WriteJson(json => WriteJson(json, found));
            return session.Status;
        }
        session.Out.WriteLine($"--- {Printable.Line(before.Host)} {Printable.Line(before.Time)}");
        session.Out.WriteLine($"+++ {Printable.Line(after.Host)} {Printable.Line(after.Time)}");
        bool all = parsed.GetValue(FactsOptions.All);
        FactDifference[] shown = [.. found.Where(difference => all || IsWorth(difference))];
        foreach (FactDifference difference in shown)
            foreach (string line in Lines(difference))
                session.Out.WriteLine(line);
        if (shown.Length < found.Count)
            session.Out.WriteLine($"{found.Count - shown.Length} more are different and as they should be: --all");
        if (found.Count == 0)
            session.Out.WriteLine("no difference");
        return session.Status;
    }

    /// <summary>All but what was and is normal and only came or went, such as a file in /etc.</summary>
    private static bool IsWorth(FactDifference difference) =>
        Math.Max((int)(difference.Before?.Level ?? FactLevel.Info), (int)(difference.After?.Level ?? FactLevel.Info)) > (int)FactLevel.Info || difference.Before is not null && difference.After is not null;

    private static IEnumerable<string> Lines(FactDifference difference)
    {
        string subject = $"{difference.Known.Probe} {Printable.Line(difference.Known.Subject)}";
        string word = difference.Word is "new" or "gone" or "changed" ? "" : $" ({difference.Word})";
        if (difference.Before is { } before)
            yield return $"- {subject}: {Level(before)}{Printable.Line(before.Value)}";
        if (difference.After is { } after)
            yield return $"+ {subject}: {Level(after)}{Printable.Line(after.Value)}{word}";
    }

    private static string Level(Fact fact) => fact.Level switch
    {
        FactLevel.Critical => "!! ",
        FactLevel.Warning => "! ",
        _ => "",
    };

    private static void WriteJson(Utf8JsonWriter json, IReadOnlyList<FactDifference> found)
    {
        json.WriteStartArray();
        foreach (FactDifference difference in found)
        {
            json.WriteStartObject();
            json.WriteString("difference", difference.Word);
            Write(json, "before", difference.Before);
            Write(json, "after", difference.After);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, Fact? fact)
    {
        json.WritePropertyName(name);
        if (fact is null)
            json.WriteNullValue();
        else
            json.WriteRawValue(FactLine.Of(fact).ToBytes().AsSpan(..^1));
    }
}
