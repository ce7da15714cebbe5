using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>What a run did so far, counted from all its workers, and the one place that tells of damage and failures.</summary>
internal sealed class Tally(EventSink events)
{
    private readonly Dictionary<(string Attribute, string Reason), long> lost = [];
    private string? stopped;

    public long Files, Directories, HardLinks, SymbolicLinks, SpecialFiles, Bytes, KernelBytes, HoleBytes, LostBytes, Skipped, Damaged, Failed;

    /// <summary>Why nothing more should be begun, or null.</summary>
    public string? Stopped => Volatile.Read(ref stopped);

    /// <summary>Everything that was dealt with, for the progress.</summary>
    public long Done => Files + Directories + HardLinks + SymbolicLinks + SpecialFiles + Skipped + Failed;

    public void Damage(ByteString path, Damage damage) => events(new FileDamaged(path.ToString(), damage));

    public void Fail(ByteString path, string reason)
    {
        Interlocked.Increment(ref Failed);
        events(new FileFailed(path.ToString(), reason));
    }

    /// <summary>A call on the destination failed: a full or vanished disk ends the run, anything else concerns this file.</summary>
    public void Fail(ByteString path, string what, Errno error)
    {
        if (error is Errno.NoSpace or Errno.Quota or Errno.ReadOnly or Errno.InputOutput)
            Stop(error);
        Fail(path, $"{what}: {error.Describe()}");
    }

    /// <summary>The first reason counts.</summary>
    public void Stop(Errno error) => Interlocked.CompareExchange(ref stopped, error.Describe(), null);

    public void Lose(string attribute, string reason)
    {
        lock (lost)
            lost[(attribute, reason)] = lost.GetValueOrDefault((attribute, reason)) + 1;
    }

    public ExtractionResult Result(TimeSpan elapsed, bool interrupted)
    {
        lock (lost)
            return new()
            {
                Files = Files,
                Directories = Directories,
                HardLinks = HardLinks,
                SymbolicLinks = SymbolicLinks,
                SpecialFiles = SpecialFiles,
                Bytes = Bytes,
                KernelBytes = KernelBytes,
                HoleBytes = HoleBytes,
                LostBytes = LostBytes,
                Skipped = Skipped,
                Damaged = Damaged,
                Failed = Failed,
                AttributesLost = [.. lost.OrderBy(l => l.Key).Select(l => new AttributeLoss(l.Key.Attribute, l.Key.Reason, l.Value))],
                Elapsed = elapsed,
                Interrupted = interrupted,
                Stopped = Stopped,
            };
    }
}
