using Jumpbag.Backup.Repository;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backup.Tiers;

/// <summary>
/// Several copies as one: what the first cannot give is taken from the next, blob by blob. They have one polynomial, so that the same
/// content has the same name in each; and what comes is compared with its name, so that it does not matter whom it came from.
/// </summary>
public sealed class CopyChain : BlobSource
{
    /// <summary>Failures in a row that are not about one blob, until a copy is given up: each may have waited for long.</summary>
    private const int MostFailures = 3;

    private readonly Link[] links;
    private readonly EventSink events;

    /// <param name="copies">The quickest first; each is opened when it is first needed.</param>
    public CopyChain(IEnumerable<(BackupCopy Copy, Func<BackupRepository> Open)> copies, EventSink events)
    {
        links = [.. copies.Select(copy => new Link(copy.Copy, new(copy.Open, LazyThreadSafetyMode.ExecutionAndPublication)))];
        this.events = events;
    }

    public override string Place => string.Join(", ", links.Select(link => link.Copy.Name));

    /// <summary>Of each copy how many blobs it gave, and how many it should have given and could not.</summary>
    public IReadOnlyList<(BackupCopy Copy, long Given, long Failed)> Deliveries => [.. links.Select(link => (link.Copy, Interlocked.Read(ref link.Given), Interlocked.Read(ref link.Failed)))];

    internal override long? LengthOf(BlobType type, StorageId blob)
    {
        foreach (Link link in links)
            if (TryOpen(link) is { } repository && Try(link, () => repository.LengthOf(type, blob), out _) is { } length)
                return length;
        return null;
    }

    internal override BlobContent Blob(BlobType type, StorageId blob)
    {
        string? reasons = null;
        JumpbagException? failed = null;
        foreach (Link link in links)
        {
            if (TryOpen(link) is not { } repository)
                continue;
            if (Try(link, () => repository.Blob(type, blob), out failed) is { } content)
            {
                Interlocked.Increment(ref link.Given);
                return content;
            }
            reasons = $"{(reasons is null ? "" : reasons + "; ")}{link.Copy.Name}: {failed!.Message}";
        }
        throw new CorruptException(reasons ?? $"blob {blob.Short} cannot be had: no copy can be opened", failed?.Hint);
    }

    private BackupRepository? TryOpen(Link link)
    {
        if (link.IsGivenUp)
            return null;
        try
        {
            return link.Repository.Value;
        }
        catch (JumpbagException e)
        {
            GiveUp(link, e);
            return null;
        }
    }

    private T? Try<T>(Link link, Func<T?> ask, out JumpbagException? failed)
    {
        try
        {
            T? answer = ask();
            failed = null;
            link.FailuresInARow = 0;
            return answer;
        }
        catch (JumpbagException e)
        {
            failed = e;
            // Of the first failure is told; which blobs were hit matters only where no other copy has them, and then the file is named.
            if (Interlocked.Increment(ref link.Failed) == 1)
                events(new Warning($"{link.Copy.Name}: {e.Message}", links.Length > 1 ? "what it cannot give is taken from the other copies; 'jumpbag backup heal' mends it afterwards" : e.Hint));
            if (e is not CorruptException and not NotFoundException && Interlocked.Increment(ref link.FailuresInARow) >= MostFailures)
                GiveUp(link, e);
            return default;
        }
    }

    private void GiveUp(Link link, JumpbagException reason)
    {
        if (!Interlocked.Exchange(ref link.GivenUp, true))
            events(new Warning($"{link.Copy.Name} is given up: {reason.Message}", reason.Hint));
    }

    private sealed class Link(BackupCopy copy, Lazy<BackupRepository> repository)
    {
        public long Given, Failed;
        public int FailuresInARow;
        public bool GivenUp;

        public BackupCopy Copy => copy;

        public Lazy<BackupRepository> Repository => repository;

        public bool IsGivenUp => Volatile.Read(ref GivenUp);
    }
}
