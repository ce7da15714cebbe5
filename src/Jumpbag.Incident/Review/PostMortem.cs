using System.Globalization;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incident.Review;

/// <summary>The review of an incident, without blame: what was known when, what helped, what is done about it.</summary>
public sealed class PostMortem
{
    private readonly IncidentState state;
    private readonly Masks masks;
    private readonly bool isPublic;
    private readonly List<Block> blocks = [];

    private PostMortem(IncidentState state, bool names, bool isPublic)
    {
        this.state = state;
        this.isPublic = isPublic;
        masks = Masks.Of(state, names, isPublic);
    }

    public static IReadOnlyList<Block> Of(IncidentState state, bool names, bool isPublic)
    {
        var review = new PostMortem(state, names, isPublic);
        review.Write();
        return review.blocks;
    }

    private void Write()
    {
        blocks.Add(new Heading(1, Masked(state.Opened.Title)));
        blocks.Add(new Paragraph($"{(state.Opened.Drill ? "A drill. " : "")}{(isPublic ? "" : state.Opened.Id + ", ")}severity {state.Severity}, from {Time(state.Opening.When)} {(state.Closing is { } end ? $"to {Time(end.When)}" : "and not closed yet")} (all times UTC)."));
        Section("Summary", state.Closing?.Data is Closed closed ? Masked(closed.Text) : null, "close TEXT");
        Notes("Impact", NoteKind.Impact, "note --as impact TEXT");
        Times();
        Stamped("What stopped the bleeding", Phase.Bleeding);
        Stamped("Cause", Phase.Cause);
        Assumptions();
        Notes("What went well", NoteKind.Well, "note --as well TEXT");
        Notes("What could go better", NoteKind.Badly, null);
        Notes("Where we were lucky", NoteKind.Lucky, null);
        ActionItems();
        blocks.Add(new Heading(2, "Timeline"));
        blocks.Add(new Paragraph("What was done and known at the time; a time in brackets is when it was written down, where that was later."));
        blocks.Add(Timeline());
        if (!isPublic)
            blocks.Add(new Paragraph($"From {state.Entries.Count} events; the head of the journal is {state.Head}."));
    }

    private void Section(string title, string? text, string verb)
    {
        if (text is not null)
        {
            blocks.Add(new Heading(2, title));
            blocks.Add(new Paragraph(text));
        }
        else
        {
            Missing(title, verb);
        }
    }

    /// <summary>Whoever writes the review is told what it lacks; those outside are not.</summary>
    private void Missing(string title, string verb)
    {
        if (isPublic)
            return;
        blocks.Add(new Heading(2, title));
        blocks.Add(new Paragraph($"Not written yet: 'jumpbag incident {verb}'."));
    }

    /// <param name="verb">How to write one, where the review wants one; null where it may be without.</param>
    private void Notes(string title, NoteKind kind, string? verb)
    {
        string[] texts = [.. state.Notes.Select(entry => (Noted)entry.Data).Where(note => note.Kind == kind).Select(note => Masked(note.Text))];
        if (texts.Length > 0)
        {
            blocks.Add(new Heading(2, title));
            blocks.Add(new Bullets(texts));
        }
        else if (verb is not null)
        {
            Missing(title, verb);
        }
    }

    private void Times()
    {
        PhaseClock phases = state.Phases;
        (string What, TimeSpan? Time)[] times =
            [("until the bleeding stopped", phases.ToBleedingStopped), ("until the cause was known", phases.ToCause), ("until stable", phases.ToStable), ("until reviewed", phases.ToReviewed)];
        if (!times.Any(time => time.Time is not null))
            return;
        blocks.Add(new Heading(2, "Times"));
        blocks.Add(new Grid(["from the opening", ""], [.. times.Where(time => time.Time is not null).Select(time => new[] { time.What, TimeWords.Duration(time.Time!.Value) })]));
    }

    private void Stamped(string title, Phase phase) =>
        Section(title, state.Phases.TextOf(phase) is { } text ? Masked(text) : null, $"phase {phase.Word()} --done TEXT");

    private void Assumptions()
    {
        if (isPublic)
            return;
        Assumption[] wrong = [.. state.Evidence.Assumptions.Where(assumption => assumption.IsFalse)];
        Assumption[] open = [.. state.Evidence.Assumptions.Where(assumption => assumption.IsOpen)];
        if (wrong.Length > 0)
        {
            blocks.Add(new Heading(2, "Assumptions that were false"));
            blocks.Add(new Bullets([.. wrong.Select(assumption => $"{Masked(assumption.Data.Text)} — held from {Time(assumption.Entry.When)} to {Time(assumption.Verdict!.When)}; {Why(assumption)}")]));
        }
        if (open.Length > 0)
        {
            blocks.Add(new Heading(2, "Assumptions that nobody checked"));
            blocks.Add(new Bullets([.. open.Select(assumption => Masked(assumption.Data.Text))]));
        }
    }

    private string Why(Assumption assumption)
    {
        var refuted = (Refuted)assumption.Verdict!.Data;
        Fact? fact = state.Evidence.Facts.FirstOrDefault(fact => fact.Entry.Id == refuted.Fact.Id);
        return fact is null ? refuted.Fact.Label : $"{Masked(fact.Data.Text)} [{Masked(fact.Data.Source)}]";
    }

    /// <summary>Follow-ups, and what of the night is not done yet.</summary>
    private void ActionItems()
    {
        const string title = "Action items";
        IncidentTask[] items = [.. state.Tasks.All.Where(task => (task.IsFollowUp || (task.IsOpen && !isPublic)) && !task.IsDropped)];
        if (items.Length == 0)
        {
            Missing(title, "task --follow-up TEXT --owner NAME --due DATE");
            return;
        }
        blocks.Add(new Heading(2, title));
        if (isPublic)
            blocks.Add(new Bullets([.. items.Select(item => $"{Masked(item.Text)} ({(item.IsOpen ? "by " + Day(item.Due) : "done")})")]));
        else
            blocks.Add(new Grid(["Item", "", "Owner", "Due", "State"], [.. items.Select(item => new[] { state.Tasks.Name(item), Masked(item.Text), masks.Person(item.Owner), Day(item.Due), item.IsOpen ? "open" : "done" })]));
    }

    private Grid Timeline()
    {
        var rows = new List<(DateTimeOffset When, string[] Row)>();
        foreach (Entry written in state.Entries.Where(entry => entry.Data is not Corrected && (!isPublic || IsPublic(entry.Data))))
        {
            IReadOnlyList<Entry> corrections = state.Corrections.For(written);
            Entry? now = state.Corrections.Apply(written);
            // The public sees what counts; those who were there see what was written, and that it was put right.
            if (now is null && isPublic)
                continue;
            string text = now is null ? $"{Sentence(written)} (withdrawn)" : Sentence(now);
            if (corrections.Count > 0 && now is not null && !isPublic && Sentence(now) != Sentence(written))
                text += $" (first written: {Sentence(written)})";
            DateTimeOffset when = (now ?? written).When;
            string time = Time(when) + ((written.Time - when).Duration() > TimeSpan.FromSeconds(1) ? $" ({Time(written.Time)})" : "");
            rows.Add((when, isPublic ? [time, Masked(text)] : [time, masks.Person(written.Author.Name), masks.System(written.Host), Masked(text)]));
        }
        // What happened in one moment stays in the order in which it was written.
        return new(isPublic ? ["Time", ""] : ["Time", "Who", "Host", ""], [.. rows.OrderBy(one => one.When).Select(one => one.Row)]);
    }

    /// <summary>With the people whom the event itself names by their masks.</summary>
    private string Sentence(Entry entry) => (entry.Data switch
    {
        RoleSet role when masks.Person(role.Person) != role.Person => role with { Person = "taken" },
        TaskSet task => task with { Owner = masks.Person(task.Owner) },
        TaskMoved { Owner: { } owner } moved => moved with { Owner = masks.Person(owner) },
        HandedOff handoff => handoff with { To = masks.Person(handoff.To) },
        _ => entry.Data,
    }).Sentence;

    private static bool IsPublic(EventData data) => data is Opened or Closed or Reopened or SeveritySet or Updated or PhaseStamped or Noted { Kind: NoteKind.Impact };

    private string Masked(string text) => masks.Text(text);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
