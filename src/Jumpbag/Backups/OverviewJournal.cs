using Jumpbag.Backup.Tiers;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Incident.Events;
using Jumpbag.Incidents;

namespace Jumpbag.Backups;

/// <summary>Brings the overview into the open incident's journal, from which the board draws it.</summary>
internal static class OverviewJournal
{
    /// <exception cref="NotFoundException">No incident is open.</exception>
    public static Recorder Open(EventSink events) => new(IncidentPlaces.Journal(IncidentPlaces.Current()
        ?? throw new NotFoundException("--record: no incident is open", "'jumpbag incident open TITLE' opens one")), events);

    public static void Write(Recorder recorder, Overview overview)
    {
        CopySeen[] copies = [.. overview.States.Where(state => state.Concerns).Select(state => Seen(state, overview))];
        recorder.Append(new BackupsSeen(copies, [.. overview.Live.Select(live => new LiveSeen(live.Copy.Name, live.IsHealthy, live.Message))],
            [.. overview.Violations.Select(violation => $"{violation.Source}: {violation.Message}")]));
    }

    private static CopySeen Seen(CopyState state, Overview overview)
    {
        List<Violation> broken = [.. overview.Violations.Where(violation => violation.Source == state.Source.Name && violation.Copy == state.Copy.Name)];
        CopyStanding standing = broken.Count == 0 ? CopyStanding.Good : broken.Any(violation => violation.MakesUseless) ? CopyStanding.Bad : CopyStanding.Weak;
        return new(state.Source.Name, state.Copy.Name, state.Copy.Tier.ToString().ToLowerInvariant(), standing, state.Restore?.MeasuredAt is not null, broken.Count == 0 ? null : string.Join("; ", broken.Select(violation => violation.Message)),
            state.Taken, state.Bytes, state.Restore?.Time.TotalSeconds);
    }
}
