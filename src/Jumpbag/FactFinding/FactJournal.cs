using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Facts;
using Jumpbag.Incident.Events;
using Jumpbag.Incidents;
using IncidentState = Jumpbag.Incident.Folding.IncidentState;

namespace Jumpbag.FactFinding;

/// <summary>Brings what is abnormal into the open incident's journal, as facts that assumptions can be confirmed or refuted by.</summary>
internal sealed class FactJournal
{
    private readonly Recorder recorder;
    private readonly EventSink events;

    /// <exception cref="NotFoundException">No incident is open.</exception>
    public FactJournal(EventSink events)
    {
        this.events = events;
        recorder = new(IncidentPlaces.Journal(IncidentPlaces.Current()
            ?? throw new NotFoundException("--record: no incident is open", "'jumpbag incident open TITLE' opens one")), events);
    }

    /// <summary>Each once: what the journal holds already, word for word, is not written again.</summary>
    public void Write(IEnumerable<FactReport> reports)
    {
        var known = new HashSet<string>(IncidentState.Of(recorder.Journal.Read(), recorder.Journal.Path).Evidence.Facts.Select(fact => fact.Data.Text), StringComparer.Ordinal);
        int written = 0;
        foreach (FactReport report in reports)
            foreach (Fact fact in report.Sorted().Where(fact => fact.IsAbnormal))
            {
                string text = $"{report.Host} {fact.Subject}: {fact.Value}";
                if (!known.Add(text))
                    continue;
                recorder.Append(state => new FactFound(state.Labels.Next('F'), text, $"probe {fact.Probe}: {fact.Source}"));
                written++;
            }
        events(new Status(IncidentPlaces.IdOf(recorder.Journal.Path), $"{written} {(written == 1 ? "fact" : "facts")} written into the journal"));
    }

    /// <summary>Says that it can be done, where it can.</summary>
    public static void Offer(FactReport report, EventSink events)
    {
        int abnormal = report.Facts.Count(fact => fact.IsAbnormal);
        if (abnormal > 0 && IncidentPlaces.Current() is { } open)
            events(new Status(IncidentPlaces.IdOf(open), $"'jumpbag facts --record' writes these {abnormal} into its journal"));
    }
}
