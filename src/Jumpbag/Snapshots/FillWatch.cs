using System.Diagnostics;
using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host.Lvm;

namespace Jumpbag.Snapshots;

/// <summary>Watches how full a snapshot becomes: warns before it is too late, and ends the run where it is.</summary>
public sealed class FillWatch(LiveSnapshot snapshot, EventSink events)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private static readonly double[] Warnings = [0.80, 0.95];

    private long last;
    private int warned;

    public SnapshotFill Latest { get; private set; } = new(0, null, null);

    /// <summary>Looks, at most once a second.</summary>
    /// <returns>Whether it did.</returns>
    public bool CheckNowAndThen()
    {
        if (last != 0 && Stopwatch.GetElapsedTime(last) < Interval)
            return false;
        Check();
        return true;
    }

    /// <exception cref="FailedException">It overflowed, or its pool is full: what was read of it is worth nothing, or soon will be.</exception>
    public void Check()
    {
        last = Stopwatch.GetTimestamp();
        Latest = snapshot.Fill();
        if (Latest.Failure is { } failure)
            throw snapshot.Volume.IsThin
                ? new FailedException($"the thin pool of {snapshot.FullName} cannot take more: {failure}; writers to all its volumes fail, so this is given up",
                    $"'lvextend -L +1G {snapshot.Volume.Group}/{snapshot.Volume.Pool}' gives the pool more room (+10M with --poolmetadatasize where its metadata are full)")
                : new FailedException($"the snapshot {snapshot.FullName} has failed: {failure}, so what was read from it is worth nothing",
                    $"run it again with a --size above {ByteSize.Format(snapshot.Plan.Size ?? 0)}: more was written to the origin meanwhile");
        while (warned < Warnings.Length && Latest.Share >= Warnings[warned])
        {
            warned++;
            if (warned == Warnings.Length || Latest.Share < Warnings[warned])
                Warn();
        }
    }

    /// <summary>"17% full", or of a pool "data 40%, metadata 2%".</summary>
    public string Text => Latest.Metadata is { } metadata
        ? string.Create(CultureInfo.InvariantCulture, $"pool: data {Latest.Data * 100:0}% full, metadata {metadata * 100:0}%")
        : string.Create(CultureInfo.InvariantCulture, $"{Latest.Data * 100:0}% full");

    private void Warn()
    {
        string what = snapshot.Volume.IsThin ? $"{snapshot.Volume.Group}/{snapshot.Volume.Pool}" : snapshot.FullName;
        events(new Warning($"the snapshot {snapshot.FullName} nears its end: {Text}", $"'lvextend -L +1G {what}' gives it more room while it is in use"));
    }
}
