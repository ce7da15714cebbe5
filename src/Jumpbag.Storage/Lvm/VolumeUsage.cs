namespace Jumpbag.Storage.Lvm;

/// <summary>
/// How full a snapshot's store, a thin volume or a thin pool is, as lvs(8) counts it; in bytes. Of a thin volume what its pool has mapped for it,
/// of a pool its data, and its metadata beside that.
/// </summary>
public sealed record VolumeUsage(long Used, long Total, long? MetadataUsed = null, long? MetadataTotal = null)
{
    /// <summary>lvs's Data%.</summary>
    public double Percent => Of(Used, Total);

    /// <summary>lvs's Meta%.</summary>
    public double? MetadataPercent => MetadataUsed is { } used && MetadataTotal is { } total ? Of(used, total) : null;

    private static double Of(long used, long total) => total > 0 ? 100.0 * used / total : 0;
}
