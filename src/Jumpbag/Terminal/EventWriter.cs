using System.Text;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;

namespace Jumpbag.Terminal;

/// <summary>
/// Shows the events of a command on standard error, and is the only one who writes there. Its rules: a failure is
/// "jumpbag: what: why", then one "hint:" line; what the person need not act on is a status line that --quiet silences;
/// damage is one line a file and is never silenced; a progress bar is taken away before any other line is written.
/// </summary>
public sealed class EventWriter : IDisposable
{
    /// <summary>Beyond this many damaged places only a count is shown, so that a ruined disk does not bury its first lines.</summary>
    private const int MostDamageShown = 1000;

    private readonly StandardStream stream = new(2);
    private readonly Lock gate = new();
    private readonly bool quiet;
    private readonly bool color;
    private readonly ProgressLine progress;
    private long damaged;

    public EventWriter(bool quiet, string progressStyle, string colorChoice)
    {
        this.quiet = quiet;
        color = Screen.UsesColor(colorChoice, 2);
        string style = progressStyle != "auto" ? progressStyle : quiet || !Screen.IsTerminal(2) ? "none" : "bar";
        progress = new(style, text => Write(text));
    }

    /// <summary>Sees every event too, whoever shows it: the incident's journal.</summary>
    public static EventSink? Observer { get; set; }

    /// <summary>Files told as damaged or not made so far.</summary>
    public long Damaged => Interlocked.Read(ref damaged);

    public void Show(Event happened)
    {
        Observer?.Invoke(happened);
        lock (gate)
        {
            switch (happened)
            {
                case Progressed update:
                    progress.Show(update.Progress);
                    break;
                case ProgressText line:
                    progress.Show(line);
                    break;
                case Status status when !quiet:
                    Line($"{status.Subject}: {status.Message}");
                    break;
                case FileSystemsOpened opened when !quiet:
                    foreach (string line in OpenedText.Lines(opened))
                        Line(line);
                    break;
                case FileDelivered file:
                    Line(file.Path);
                    break;
                case Warning warning:
                    Line($"{Paint("33", "warning:")} {warning.Message}");
                    Hint(warning.Hint);
                    break;
                case SourceFailed source:
                    ShowFailure($"{source.Source}: {source.Reason}", source.Hint);
                    break;
                case FileDamaged file:
                    Place("damaged:", $"{file.Path}: {file.Damage}");
                    break;
                case FileFailed file:
                    Place("not made:", $"{file.Path}: {file.Reason}");
                    break;
                case FileNotSaved file:
                    Place("not saved:", $"{file.Path}: {file.Reason}");
                    break;
            }
        }
    }

    public void Failure(string message, string? hint)
    {
        Observer?.Invoke(new CommandFailed(message));
        ShowFailure(message, hint);
    }

    private void ShowFailure(string message, string? hint)
    {
        lock (gate)
        {
            Line($"{Paint("31", "jumpbag:")} {message}");
            Hint(hint);
        }
    }

    /// <summary>Takes the progress bar away and says how much damage was only counted.</summary>
    public void Finish()
    {
        lock (gate)
        {
            progress.Clear();
            if (damaged > MostDamageShown)
                Line($"{damaged} damaged or missing in all");
        }
    }

    public void Dispose() => stream.Dispose();

    private void Place(string word, string text)
    {
        damaged++;
        if (damaged <= MostDamageShown)
            Line($"{Paint("31", word)} {text}");
        else if (damaged == MostDamageShown + 1)
            Line($"{Paint("31", word)} more than {MostDamageShown} places; the rest is only counted");
    }

    private void Hint(string? hint)
    {
        if (hint is not null)
            Line($"hint: {hint}");
    }

    private void Line(string text)
    {
        progress.Clear();
        Write(text + "\n");
    }

    private string Paint(string code, string text) => color ? $"\e[{code}m{text}\e[0m" : text;

    private void Write(string text)
    {
        try
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }
        catch (IOException)
        {
            // Standard error is closed or its terminal is gone: there is nowhere left to tell it, and the work goes on.
        }
    }
}
