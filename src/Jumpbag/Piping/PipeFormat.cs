using System.Globalization;
using System.Text;

namespace Jumpbag.Piping;

/// <summary>
/// The line that shows how far it is, by pv's format: %p bar, %t time, %e time to go, %I time of arrival, %r rate, %a average
/// rate, %b amount, %N name, %% a percent sign. %T and %nA show pv's copy buffer, of which there is none here: they stay empty as
/// they do where pv splices. The bar takes the room that the rest leaves.
/// </summary>
public sealed class PipeFormat
{
    private readonly List<(char Kind, string Text)> parts = [];
    private readonly string? name;
    private readonly bool lines;
    private int swing;

    public PipeFormat(string format, string? name, bool lines)
    {
        this.name = name;
        this.lines = lines;
        var literal = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            int end = i + 1;
            while (format[i] == '%' && end < format.Length && char.IsAsciiDigit(format[end]))
                end++;
            char kind = format[i] == '%' && end < format.Length ? format[end] : '\0';
            bool counted = end > i + 1;
            if (kind == '%' && !counted)
            {
                literal.Append('%');
                i = end;
            }
            else if (counted ? kind == 'A' : kind is not '\0' && "pteIrabTN".Contains(kind, StringComparison.Ordinal))
            {
                parts.Add((' ', literal.ToString()));
                parts.Add((kind, format[(i + 1)..end]));
                literal.Clear();
                i = end;
            }
            else
            {
                literal.Append(format[i]);
            }
        }
        parts.Add((' ', literal.ToString()));
    }

    /// <summary>The format of the parts that were asked for, in pv's order.</summary>
    public static string Of(bool name, bool amount, bool time, bool rate, bool average, bool bar, bool remaining, bool arrival) =>
        string.Join(' ', new[] { name ? "%N" : "", amount ? "%b" : "", time ? "%t" : "", rate ? "%r" : "", average ? "%a" : "", bar ? "%p" : "", remaining ? "%e" : "", arrival ? "%I" : "" }
            .Where(part => part.Length > 0));

    /// <param name="now">Local time, for the time of arrival.</param>
    public string Render(in PipeMoment moment, int width, DateTime now)
    {
        var texts = new string?[parts.Count];
        for (int i = 0; i < texts.Length; i++)
        {
            (char kind, string text) = parts[i];
            texts[i] = kind switch
            {
                ' ' => text,
                'p' => null,
                'A' => new string('.', int.TryParse(text, CultureInfo.InvariantCulture, out int count) ? Math.Min(count, width) : width),
                _ => Part(kind, moment, now),
            };
            // What has nothing to show takes no blank before it either. (Before each part stands a text, be it empty.)
            if (kind != ' ' && texts[i]?.Length == 0 && texts[i - 1]!.EndsWith(' '))
                texts[i - 1] = texts[i - 1]![..^1];
        }
        int used = texts.Sum(text => text?.Length ?? 0);
        int bar = Array.IndexOf(texts, null);
        if (bar >= 0)
            texts[bar] = Bar(moment, width - used);
        string line = string.Concat(texts);
        return line.Length > width ? line[..width] : line;
    }

    private string Part(char kind, in PipeMoment moment, DateTime now) => kind switch
    {
        'N' => name is null ? "" : name.PadLeft(9) + ":",
        'b' => PipeUnits.Amount(moment.Done, lines),
        'T' => "{----}",
        't' => PipeUnits.Duration(moment.Elapsed),
        'r' => $"[{PipeUnits.Amount(moment.Rate, lines)}/s]",
        'a' => $"[{PipeUnits.Amount(moment.AverageRate, lines)}/s]",
        'e' => moment.Total is not > 0 ? "" : "ETA " + (moment.Remaining is { } time ? PipeUnits.Duration(time) : "-:--:--") is var eta && moment.Final ? new string(' ', eta.Length) : eta,
        _ => moment.Total is not > 0 ? "" : "ETA " + Arrival(moment.Remaining, now),
    };

    private static string Arrival(TimeSpan? remaining, DateTime now)
    {
        if (remaining is not { } time || time > DateTime.MaxValue - now)
            return "--:--:--";
        return (now + time).ToString(time > TimeSpan.FromHours(6) ? "yyyy-MM-dd HH:mm:ss" : "HH:mm:ss", CultureInfo.InvariantCulture);
    }

    /// <summary>"[=====>        ] 38%"; a mark that swings to and fro where the total is not known: "[    &lt;=&gt;     ]".</summary>
    private string Bar(in PipeMoment moment, int width)
    {
        if (moment.Percent is { } percent)
        {
            string number = string.Create(CultureInfo.InvariantCulture, $"] {percent,2}%");
            int room = width - number.Length - 1;
            if (room < 1)
                return "";
            int filled = (int)Int128.Clamp(room * (Int128)percent / 100 - 1, 0, room - 1);
            return "[" + new string('=', filled) + (percent > 100 ? '=' : '>') + new string(' ', room - filled - 1) + number;
        }
        const string mark = "<=>";
        int free = width - 2 - mark.Length;
        if (free < 0)
            return "";
        int at = free * (swing > 100 ? 200 - swing : swing) / 100;
        swing = (swing + 2) % 200;
        return "[" + new string(' ', at) + mark + new string(' ', free - at) + "]";
    }
}
