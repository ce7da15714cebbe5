using System.Globalization;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Tiers;

namespace Jumpbag.Backup.Maintenance;

/// <summary>Which snapshots of a source a copy keeps, and for which reasons; as restic's forget decides, in the time zone that each snapshot was taken in.</summary>
public static class ForgetPlan
{
    /// <param name="snapshots">Of one source.</param>
    /// <returns>Each with the reasons for which it is kept; none: it goes. The newest first.</returns>
    public static IReadOnlyList<(SnapshotInfo Snapshot, IReadOnlyList<string> Reasons)> Make(IEnumerable<SnapshotInfo> snapshots, Retention keep)
    {
        var buckets = new List<Bucket>
        {
            new("last", keep.Last, (_, place) => place),
            new("hourly", keep.Hourly, (time, _) => ((time.Year * 100 + time.Month) * 100 + time.Day) * 100 + time.Hour),
            new("daily", keep.Daily, (time, _) => (time.Year * 100 + time.Month) * 100 + time.Day),
            new("weekly", keep.Weekly, (time, _) => ISOWeek.GetYear(time) * 100 + ISOWeek.GetWeekOfYear(time)),
            new("monthly", keep.Monthly, (time, _) => time.Year * 100 + time.Month),
            new("yearly", keep.Yearly, (time, _) => time.Year),
        };
        var plan = new List<(SnapshotInfo, IReadOnlyList<string>)>();
        int place = 0;
        foreach (SnapshotInfo snapshot in snapshots.OrderByDescending(snapshot => snapshot.Time))
        {
            List<string> reasons = [.. keep.Tags.Where(snapshot.Tags.Contains).Select(tag => $"tag {tag}")];
            foreach (Bucket bucket in buckets)
                if (bucket.Takes(snapshot.Time.DateTime, place))
                    reasons.Add(bucket.Name);
            plan.Add((snapshot, reasons));
            place++;
        }
        return plan;
    }

    /// <summary>The newest snapshot of each of so many hours, days, …</summary>
    private sealed class Bucket(string name, int count, Func<DateTime, int, int> valueOf)
    {
        private int left = count;
        private int? last;

        public string Name => name;

        public bool Takes(DateTime time, int place)
        {
            int value = valueOf(time, place);
            if (left == 0 || value == last)
                return false;
            left--;
            last = value;
            return true;
        }
    }
}
