using Jumpbag.Host.Configuration;

namespace Jumpbag.Backup.Tiers;

/// <summary>Which snapshots a copy keeps: as many of the newest, and the newest of as many hours, days, weeks, months and years; those with one of the tags always. Zero: none for that reason.</summary>
public sealed record Retention
{
    public int Last { get; init; }

    public int Hourly { get; init; }

    public int Daily { get; init; }

    public int Weekly { get; init; }

    public int Monthly { get; init; }

    public int Yearly { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <exception cref="Core.UsageException">It has a mistake, or would keep nothing.</exception>
    internal static Retention Read(ConfigTable table)
    {
        var keep = new Retention
        {
            Last = table.Count("last") ?? 0,
            Hourly = table.Count("hourly") ?? 0,
            Daily = table.Count("daily") ?? 0,
            Weekly = table.Count("weekly") ?? 0,
            Monthly = table.Count("monthly") ?? 0,
            Yearly = table.Count("yearly") ?? 0,
            Tags = table.Texts("tags") ?? [],
        };
        table.RefuseUnknown();
        return keep.Last + keep.Hourly + keep.Daily + keep.Weekly + keep.Monthly + keep.Yearly > 0 || keep.Tags.Count > 0 ? keep
            : throw table.Wrong(null, "would keep nothing", "such as daily = 7, weekly = 5, monthly = 12, yearly = 3");
    }
}
