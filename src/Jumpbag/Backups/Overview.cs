using Jumpbag.Backup.Tiers;
using Jumpbag.Restoring;

namespace Jumpbag.Backups;

/// <summary>Everything that is known of the strategy at a moment: the matrix of sources and copies, the live copies, and what is violated.</summary>
internal sealed record Overview(DateTimeOffset Time, IReadOnlyList<CopyState> States, IReadOnlyList<LiveState> Live, IReadOnlyList<Violation> Violations)
{
    /// <summary>Asks all copies, at once.</summary>
    public static Overview Of(BackupDesk desk, IReadOnlyList<BackupSource> sources, bool sizes)
    {
        CancellationToken cancelled = desk.Session.CatchSignals();
        Task<LiveState[]> live = Task.WhenAll(desk.Config.Copies.Where(copy => copy.Tier == Tier.Live).Select(copy => Task.Run(() => LiveProbe.Ask(copy, RepositoryPassword.Of))));
        IReadOnlyList<CopyState> states = desk.Copies.Survey(sources, BackupDesk.StateFolder, sizes, cancelled);
        return new(desk.Now, states, live.GetAwaiter().GetResult(), PolicyCheck.Run(desk.Config with { Sources = sources }, states, desk.Now));
    }
}
