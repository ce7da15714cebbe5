using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backup.Writing;

/// <summary>
/// Says to all who know restic's format that someone works on the repository. Any number may add to it at once; who removes from it
/// must be alone. It is said anew every five minutes; where that fails for so long that others may take it for stale, the work stops.
/// </summary>
internal sealed class RepositoryLock : IDisposable
{
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromMinutes(5), GiveUpAfter = LockInfo.StaleAfter - TimeSpan.FromMinutes(5), Settle = TimeSpan.FromMilliseconds(200);

    private readonly BackupRepository repository;
    private readonly EventSink events;
    private readonly bool isExclusive;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource stop;
    private readonly Lock gate = new();
    private readonly ITimer timer;
    private StorageId current;
    private DateTimeOffset said;
    private bool isLost, isReleased;

    private RepositoryLock(BackupRepository repository, bool isExclusive, EventSink events, TimeProvider clock, CancellationToken stop)
    {
        (this.repository, this.isExclusive, this.events, this.clock) = (repository, isExclusive, events, clock);
        this.stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        current = Say();
        timer = clock.CreateTimer(_ => Refresh(), null, RefreshEvery, RefreshEvery);
    }

    /// <summary>The one that was given, and also when the lock is lost.</summary>
    public CancellationToken Stop => stop.Token;

    /// <exception cref="FailedException">Someone else works on it in a way that does not go with this.</exception>
    public static RepositoryLock Take(BackupRepository repository, bool exclusive, EventSink events, TimeProvider clock, CancellationToken stop)
    {
        Check(repository, exclusive, null, events, clock);
        var taken = new RepositoryLock(repository, exclusive, events, clock, stop);
        try
        {
            // Two who looked at the same moment saw nobody: now each sees the other.
            stop.WaitHandle.WaitOne(Settle);
            stop.ThrowIfCancellationRequested();
            Check(repository, exclusive, taken.current, events, clock);
            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <exception cref="FailedException">Others may have taken it for stale.</exception>
    public void ThrowIfLost()
    {
        if (isLost)
            throw new FailedException($"{repository.Place}: its lock could not be kept: it was written last at {said.UtcDateTime:HH:mm:ss} UTC", "run it again when the repository can be reached; what was saved is used then");
    }

    public void Dispose()
    {
        timer.Dispose();
        lock (gate)
        {
            if (isReleased)
                return;
            isReleased = true;
            try
            {
                repository.Store.Remove(FileKind.Lock, current.ToString());
            }
            catch (JumpbagException e)
            {
                events(new Warning($"the lock {current.Short} of {repository.Place} stays behind: {e.Message}", "it is taken for stale after half an hour, or removed by: restic unlock"));
            }
        }
        stop.Dispose();
    }

    private StorageId Say()
    {
        DateTimeOffset now = clock.GetUtcNow();
        StorageId id = repository.SaveFile(FileKind.Lock, LockInfo.Mine(isExclusive, now).ToJson());
        said = now;
        return id;
    }

    private void Refresh()
    {
        lock (gate)
        {
            if (isReleased)
                return;
            try
            {
                StorageId before = current;
                current = Say();
                repository.Store.Remove(FileKind.Lock, before.ToString());
            }
            catch (JumpbagException e)
            {
                events(new Warning($"the lock of {repository.Place} could not be renewed: {e.Message}"));
                if (clock.GetUtcNow() - said < GiveUpAfter)
                    return;
                isLost = true;
                stop.Cancel();
            }
        }
    }

    /// <summary>Whether others leave room; locks that nobody holds any more are removed.</summary>
    private static void Check(BackupRepository repository, bool exclusive, StorageId? mine, EventSink events, TimeProvider clock)
    {
        foreach (string name in repository.Store.List(FileKind.Lock))
        {
            if (!StorageId.TryParse(name, out StorageId id) || id == mine)
                continue;
            LockInfo other;
            try
            {
                // restic leaves empty ones where its upload broke off.
                if (repository.Store.Length(FileKind.Lock, name) == 0)
                    continue;
                other = LockInfo.Parse(repository.ReadFile(FileKind.Lock, name));
            }
            catch (NotFoundException)
            {
                continue;
            }
            catch (CorruptException e)
            {
                throw new FailedException($"{repository.Place}: the lock {id.Short} cannot be read: {e.Message}", "where nobody works on the repository, remove it: restic unlock --remove-all", e);
            }
            if (other.IsStale(clock.GetUtcNow()))
            {
                events(new Status(repository.Place, $"a lock that nobody holds any more is removed: {other}"));
                repository.Store.Remove(FileKind.Lock, name);
            }
            else if (exclusive || other.IsExclusive)
            {
                throw new FailedException($"{repository.Place}: is locked{(other.IsExclusive ? " exclusively" : "")} by {other}", "wait until that is done; a lock whose process is gone is taken for stale after half an hour");
            }
        }
    }
}
