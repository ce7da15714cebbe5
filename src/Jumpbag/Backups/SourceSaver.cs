using Jumpbag.Backup.Archiving;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;
using Jumpbag.Host.Lvm;
using Jumpbag.Snapshots;

namespace Jumpbag.Backups;

/// <summary>Saves what a source is, each kind in its way, in one repository.</summary>
internal static class SourceSaver
{
    public static BackupResult Save(BackupSource source, BackupRepository repository, Session session)
    {
        var options = new BackupOptions { Tags = [source.Tag], Excludes = source.Exclude, OneFileSystem = source.OneFileSystem };
        CancellationToken stop = session.CatchSignals(always: source.Kind == SourceKind.LogicalVolume);
        return source.Kind switch
        {
            SourceKind.Paths => Archiver.Run(repository, new FilesSource([.. source.Content.Select(ByteString.FromArgument)]), options, session.Events, stop),
            SourceKind.Image => SaveImage(source.Content[0], source.Content[0], repository, options, session.Events, stop),
            SourceKind.LogicalVolume => SaveVolume(source.Content[0], repository, options, session.Events, stop),
            _ => Archiver.Run(repository, new CommandSource(source.Content[0], source.Name), options, session.Events, stop),
        };
    }

    private static BackupResult SaveImage(string locator, string shown, BackupRepository repository, BackupOptions options, EventSink events, CancellationToken stop)
    {
        using var places = new PlaceOpener([], replay: true, events);
        Place place = places.Open(locator);
        return Archiver.Run(repository, new DiskSource(place.Tree, shown), options, events, stop);
    }

    /// <summary>A snapshot is taken, read by our own readers, and removed whatever happens; if it overflows, what was read is worth nothing.</summary>
    private static BackupResult SaveVolume(string volume, BackupRepository repository, BackupOptions options, EventSink events, CancellationToken stop)
    {
        if (ProcessIdentity.EffectiveUser != 0)
            throw new FailedException($"{volume}: a snapshot needs root, as LVM does", "sudo jumpbag backup run …");
        SnapshotPlan plan = SnapshotPlan.Make(volume, null);
        events(new Status(plan.Origin.FullName, plan.Explanation));
        var snapshot = new LiveSnapshot(plan);
        var undo = new UndoStack();
        using var given = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            undo.Push(() => LiveSnapshot.Remove(snapshot.FullName));
            snapshot.Create();
            var watch = new FillWatch(snapshot, events);
            JumpbagException? overflow = null;
            using (var timer = new Timer(_ =>
            {
                try
                {
                    watch.CheckNowAndThen();
                }
                catch (JumpbagException e)
                {
                    overflow = e;
                    given.Cancel();
                }
            }, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)))
            {
                try
                {
                    return SaveImage(snapshot.Path, $"/dev/{volume}", repository, options with { Verify = watch.Check }, events, given.Token);
                }
                catch (OperationCanceledException) when (overflow is not null)
                {
                    throw overflow;
                }
            }
        }
        finally
        {
            foreach (JumpbagException failure in undo.Run())
                events(new SourceFailed(snapshot.FullName, failure.Message, failure.Hint));
        }
    }
}
