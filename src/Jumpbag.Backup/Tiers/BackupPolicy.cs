using Jumpbag.Host.Configuration;

namespace Jumpbag.Backup.Tiers;

/// <summary>What must hold: [policy].</summary>
public sealed record BackupPolicy
{
    /// <summary>How old the newest snapshot of a copy may be: what may be lost.</summary>
    public TimeSpan Rpo { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long it may take to bring a source back.</summary>
    public TimeSpan? Rto { get; init; }

    public int Copies { get; init; } = 3;

    /// <summary>Different companies, and different media, among the offsite copies.</summary>
    public int OffsiteProviders { get; init; } = 2;

    public int OffsiteMedia { get; init; } = 2;

    /// <summary>How far an offsite copy must be from the source.</summary>
    public double? DistanceKm { get; init; }

    /// <summary>How long ago the data of a copy may have been verified.</summary>
    public TimeSpan Verify { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Whether there must be a copy from which we cannot delete.</summary>
    public bool Immutable { get; init; } = true;

    internal static BackupPolicy Read(ConfigTable? table)
    {
        var policy = new BackupPolicy();
        if (table is null)
            return policy;
        policy = policy with
        {
            Rpo = table.Duration("rpo") ?? policy.Rpo,
            Rto = table.Duration("rto"),
            Copies = table.Count("copies") ?? policy.Copies,
            OffsiteProviders = table.Count("offsite-providers") ?? policy.OffsiteProviders,
            OffsiteMedia = table.Count("offsite-media") ?? policy.OffsiteMedia,
            DistanceKm = table.Count("distance-km"),
            Verify = table.Duration("verify") ?? policy.Verify,
            Immutable = table.Flag("immutable") ?? policy.Immutable,
        };
        table.RefuseUnknown();
        return policy;
    }
}
