using System.Globalization;
using System.Text;
using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Terminal;

/// <summary>Progress on one line that is written over itself ("bar"), as a JSON line each time ("json"), or not at all ("none").</summary>
public sealed class ProgressLine(string style, Action<string> write)
{
    private bool shown;

    public void Show(Progress progress)
    {
        if (style == "json")
        {
            write(Json(progress) + "\n");
        }
        else if (style == "bar")
        {
            write("\r" + Text(progress, Math.Max(1, (Screen.Width() ?? 80) - 1)) + "\e[K");
            shown = true;
        }
    }

    /// <summary>Shows a line that its maker has fitted to the screen, whatever the style.</summary>
    public void Show(ProgressText line)
    {
        write(line.Text + (line.Kept ? "\n" : "\r"));
        shown = !line.Kept;
    }

    public void Clear()
    {
        if (shown)
            write(Screen.IsTerminal(2) ? "\r\e[K" : "\n");
        shown = false;
    }

    /// <summary>" 38% [=======>            ] cp  12,100/80,412 files  1.1G/2.5G  412M/s  0:00:03  ETA 0:00:04"</summary>
    public static string Text(in Progress p) => Text(p, int.MaxValue);

    /// <summary>The same in so many columns: what tells least goes first, and last how far it is, what holds it up and when it ends.</summary>
    public static string Text(in Progress p, int width)
    {
        const int ShortActivity = 24;
        double? share = p.Share is { } known ? known : p.BytesTotal is > 0 ? (double)p.BytesDone / p.BytesTotal : p.FilesTotal is > 0 ? (double)p.FilesDone / p.FilesTotal : null;
        string? percent = null, bar = null;
        if (share is { } part)
        {
            part = Math.Clamp(part, 0, 1);
            int filled = (int)(part * 20);
            percent = string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(part * 100),3}%");
            bar = $"[{new string('=', filled)}{(filled < 20 ? ">" : "")}{new string(' ', Math.Max(0, 19 - filled))}]";
        }
        string? activity = p.Activity, counts = p.FilesDone > 0 || p.FilesTotal is > 0 ? Counts(p) : null, note = p.Note;
        string? bytes = ByteSize.Format(p.BytesDone) + (p.BytesTotal is { } total ? "/" + ByteSize.Format(total) : ""), rate = ByteSize.Format((long)p.Rate) + "/s", elapsed = Duration(p.Elapsed);
        string? eta = p.Remaining is { } remaining ? "ETA " + Duration(remaining) : null, stall = p.Stall;
        if (stall is not null)
            note = null;
        for (int step = 0; ; step++)
        {
            string head = string.Join(' ', new[] { percent, bar, activity }.Where(word => word is { Length: > 0 }));
            string line = string.Join("  ", new[] { head, counts, bytes, rate, elapsed, eta, stall, note }.Where(word => word is { Length: > 0 }));
            if (line.Length <= width)
                return line;
            switch (step)
            {
                case 0:
                    note = null;
                    break;
                case 1 when activity.Length > ShortActivity:
                    activity = activity[..(ShortActivity - 1)] + "…";
                    break;
                case 2:
                    bar = null;
                    break;
                case 3:
                    rate = null;
                    break;
                case 4:
                    bytes = null;
                    break;
                case 5:
                    counts = null;
                    break;
                case 6:
                    elapsed = null;
                    break;
                case 7:
                    activity = "";
                    break;
                case 8:
                    return line[..width];
            }
        }
    }

    public static string Duration(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}");

    /// <summary>"12,100/80,412 files"; from a million on "12.1/31.0 M rows".</summary>
    private static string Counts(in Progress p)
    {
        string unit = p.Unit ?? "files";
        if (Math.Max(p.FilesDone, p.FilesTotal ?? 0) < 1_000_000)
            return $"{Count(p.FilesDone)}{(p.FilesTotal is { } total ? "/" + Count(total) : "")} {unit}";
        return $"{Millions(p.FilesDone)}{(p.FilesTotal is { } all ? "/" + Millions(all) : "")} M {unit}";

        static string Millions(long value) => (value / 1e6).ToString("0.0", CultureInfo.InvariantCulture);
    }

    private static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Json(Progress p)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            json.WriteString("event", "progress");
            json.WriteString("activity", p.Activity);
            string unit = p.Unit ?? "files";
            json.WriteNumber(unit + "Done", p.FilesDone);
            if (p.FilesTotal is { } files)
                json.WriteNumber(unit + "Total", files);
            json.WriteNumber("bytesDone", p.BytesDone);
            if (p.BytesTotal is { } bytes)
                json.WriteNumber("bytesTotal", bytes);
            json.WriteNumber("bytesPerSecond", Math.Round(p.Rate));
            json.WriteNumber("elapsedSeconds", Math.Round(p.Elapsed.TotalSeconds, 1));
            if (p.Remaining is { } remaining)
                json.WriteNumber("remainingSeconds", Math.Round(remaining.TotalSeconds, 1));
            if ((p.Stall ?? p.Note) is { } note)
                json.WriteString("note", note);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(memory.ToArray());
    }
}
