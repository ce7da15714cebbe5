using System.Collections.Concurrent;
using System.Diagnostics;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Backup.Tiers;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;

namespace Jumpbag.Backups;

/// <summary>
/// What NAME[@SNAPSHOT][:/PATH] means: a snapshot of a configured source, read from the quickest copy that has it, with the others
/// standing in blob by blob.
/// </summary>
internal sealed class NamedRestore : IDisposable
{
    /// <summary>How long those are waited for that have not answered when another has: a silent server takes a minute to be given up.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly Copies copies;
    private readonly EventSink events;
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly List<(BackupCopy Copy, BackupRepository Repository)> opened = [];
    private readonly CopyChain chain;
    private IReadOnlyList<BackupCopy> late = [];
    private readonly TimeSpan opening;

    public NamedRestore(TiersConfig config, string text, EventSink events)
    {
        (copies, this.events) = (new(config, events), events);
        try
        {
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            string named = colon < 0 ? text : text[..colon], path = colon < 0 ? "/" : text[(colon + 1)..];
            int at = named.IndexOf('@', StringComparison.Ordinal);
            string name = at < 0 ? named : named[..at], wanted = at < 0 ? "latest" : named[(at + 1)..];
            BackupSource source = config.Sources.FirstOrDefault(one => one.Name == name)
                ?? throw new NotFoundException($"{name}: {config.File} names no such source", config.Sources.Count > 0 ? $"there are: {string.Join(", ", config.Sources.Select(one => one.Name))}; a repository is named by --repo" : "a repository is named by --repo");
            SnapshotInfo snapshot = Choose(config, source, wanted);
            chain = new([.. opened.Select(one => (one.Copy, (Func<BackupRepository>)(() => one.Repository))), .. late.Select(copy => (copy, (Func<BackupRepository>)(() => copies.Open(copy))))], events);
            var tree = new FileTree(new SnapshotFileSystem(chain, snapshot));
            // The top is what everything begins with; from here on bytes count.
            _ = tree.List(tree.Lookup(ByteString.FromText("/")), static _ => { }).FirstOrDefault();
            opening = Stopwatch.GetElapsedTime(started);
            events(new FileSystemsOpened(opened[0].Copy.Name, [new($"{name}@{snapshot.Id.Short}", $"snapshot {snapshot}, from {opened[0].Copy.Name}{(opened.Count > 1 ? $"; {string.Join(", ", opened.Skip(1).Select(one => one.Copy.Name))} would stand in" : "")}", null)]));
            Place = new($"{name}@{snapshot.Id.Short}", tree, ByteString.FromArgument(path.StartsWith('/') ? path : "/" + path));
        }
        catch
        {
            copies.Dispose();
            throw;
        }
    }

    public Place Place { get; }

    /// <summary>Keeps what this has taught about the copies, and tells who stood in for whom.</summary>
    public void Finish()
    {
        TimeSpan reading = Stopwatch.GetElapsedTime(started) - opening;
        long all = opened.Sum(one => one.Repository.BytesRead);
        foreach ((BackupCopy copy, BackupRepository repository) in opened)
        {
            // Where several gave much, whose time it was cannot be told.
            if (repository.BytesRead * 10 < all * 9 || all == 0)
                continue;
            Measurements.Load(StateFolder.Path, copy.Name).With(repository.BytesRead, reading, opening, DateTimeOffset.UtcNow).Save(StateFolder.Path, copy.Name);
        }
        if (chain.Deliveries.Skip(1).Any(delivery => delivery.Given > 0))
            events(new Status(Place.Prefix, $"came from {string.Join(", ", chain.Deliveries.Where(delivery => delivery.Given > 0).Select(delivery => $"{delivery.Copy.Name} ({delivery.Given} blobs)"))}; each was compared with its hash"));
    }

    public void Dispose() => copies.Dispose();

    /// <summary>The snapshot that is meant; the copies that have it come first, the quickest of them at the very front.</summary>
    private SnapshotInfo Choose(TiersConfig config, BackupSource source, string wanted)
    {
        (List<Answer> found, late) = Ask([.. config.Repositories.Where(copy => !source.IsForbiddenOn(copy) || source.GoesTo(copy))], source, wanted);
        if (found.Count == 0)
            throw new FailedException($"{source.Name}: no copy can be opened", "the warnings say why; a copy that was carried here is read with --repo FOLDER");
        IReadOnlyList<SnapshotInfo> all = [.. found.SelectMany(one => one.Snapshots).OrderBy(snapshot => snapshot.Time)];
        SnapshotInfo chosen = SnapshotInfo.Find(all, wanted, source.Name);
        foreach ((BackupCopy copy, BackupRepository repository, IReadOnlyList<SnapshotInfo> snapshots) in found.OrderBy(one => one.Snapshots.Any(IsSame) ? 0 : 1).ThenBy(one => Estimate(one.Copy)).ThenBy(one => one.Copy.Tier).ThenBy(one => one.Copy.Name, StringComparer.Ordinal))
        {
            opened.Add((copy, repository));
            if (wanted == "latest" && snapshots.Count > 0 && !snapshots.Any(IsSame))
                events(new Warning($"{copy.Name} does not have the newest snapshot; its own newest is of {snapshots[^1].Time.UtcDateTime:yyyy-MM-dd HH:mm} UTC"));
        }
        foreach (BackupCopy copy in late)
            events(new Warning($"{copy.Name} has not answered yet, and is waited for no longer: if it has a snapshot newer than {chosen.Time.UtcDateTime:yyyy-MM-dd HH:mm} UTC, that is not the one", "it still stands in for what the others have lost"));
        return chosen;

        bool IsSame(SnapshotInfo snapshot) => snapshot.Tree == chosen.Tree;
    }

    /// <summary>All copies at once; those that have not answered some time after what is wanted was found are waited for no longer.</summary>
    private (List<Answer> Found, IReadOnlyList<BackupCopy> Late) Ask(IReadOnlyList<BackupCopy> asked, BackupSource source, string wanted)
    {
        var answers = new ConcurrentQueue<Answer>();
        List<(BackupCopy Copy, Task Task)> asking = [.. asked.Select(copy => (copy, Task.Run(() =>
        {
            try
            {
                BackupRepository repository = copies.Open(copy);
                answers.Enqueue(new(copy, repository, SourceSnapshots.Of(source, repository.Snapshots())));
            }
            catch (JumpbagException e)
            {
                events(new Warning($"{copy.Name} is done without: {e.Message}", e.Hint));
            }
        })))];
        Task all = Task.WhenAll(asking.Select(one => one.Task));
        while (!all.Wait(TimeSpan.FromMilliseconds(50)) && !answers.Any(answer => answer.Snapshots.Any(snapshot => wanted == "latest" || snapshot.Id.ToString().StartsWith(wanted, StringComparison.OrdinalIgnoreCase))))
        {
        }
        all.Wait(Grace);
        List<Answer> found = [.. answers];
        return (found, [.. asking.Where(one => !one.Task.IsCompleted && found.All(answer => answer.Copy != one.Copy)).Select(one => one.Copy)]);
    }

    private sealed record Answer(BackupCopy Copy, BackupRepository Repository, IReadOnlyList<SnapshotInfo> Snapshots);

    /// <summary>For the order only: any amount will do.</summary>
    private static TimeSpan Estimate(BackupCopy copy)
    {
        RestoreEstimate estimate = Measurements.Load(StateFolder.Path, copy.Name).Estimate(1 << 30, copy.ReadLimit);
        return estimate.MeasuredAt is null ? TimeSpan.MaxValue : estimate.Time;
    }
}
