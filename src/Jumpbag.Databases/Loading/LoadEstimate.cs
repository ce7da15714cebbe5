using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// How much of a load is done and how long the rest takes. Bytes alone would lie: a row costs the server something beyond its
/// bytes, an index that is kept costs as each row comes, and one that is put off has its own time at the end.
/// </summary>
/// <param name="Rows">In all.</param>
/// <param name="Bytes">In all, of rows.</param>
/// <param name="Share">Of the work, 0 to 1.</param>
/// <param name="Remaining">Null in the first moments.</param>
public sealed record LoadEstimate(long Rows, long Bytes, double Share, TimeSpan? Remaining)
{
    /// <summary>What a row costs the server in bytes' worth, and what one index costs for a row when it is sorted at the end. First guesses: indexes are measured as soon as one was built.</summary>
    private const double RowCost = 40, IndexCost = 30;

    public static LoadEstimate Of(ILoad load, DumpIndex index)
    {
        double rowsTotal = 0, done = 0, all = 0, indexAll = 0, indexDone = 0, longest = 0;
        long rows = 0, bytes = 0;
        foreach (DumpObject table in index.Objects)
        {
            if (table.Type != DumpObjectType.Table)
                continue;
            TableLoad? now = load.Find(table);
            if (now is null && !load.Wants(table))
                continue;
            rows += table.Rows;
            bytes += table.Bytes;
            rowsTotal += table.Rows;
            all += table.Bytes + RowCost * table.Rows;
            done += now is null ? 0 : Math.Min(table.Bytes + RowCost * table.Rows, now.Bytes + now.BytesBefore + RowCost * (now.Rows + now.RowsBefore));
            // What is not begun yet is taken to be like the tables that are.
            double keys = table.Indexes > 0 ? table.Indexes : now is not null ? now.Deferred?.Keys.Count ?? 0 : table.Bytes > 1 << 20 ? 1 : 0;
            indexAll += keys * table.Rows;
            if (now is { IsBuilt: true })
                indexDone += keys * table.Rows;
            else if (table.Indexes > 0)
                indexDone += Math.Min(keys, now?.IndexesBuilt ?? 0) * table.Rows;
            else
                longest = Math.Max(longest, keys * table.Rows);
        }
        TimeSpan elapsed = load.Progress.Elapsed;
        double unit = done > 0 && load.Progress.Busy.TotalSeconds > 0 ? load.Progress.Busy.TotalSeconds / Math.Max(1, DoneNow(load)) : 0;
        double keyTime = load.Progress.Builds is { Count: > 0 } builds && builds.Sum(build => (double)build.Rows * build.Keys) is > 0 and var built
            ? builds.Sum(build => build.Time.TotalSeconds) / built : unit * IndexCost;
        double work = all * unit + indexAll * keyTime, workDone = done * unit + indexDone * keyTime;
        if (work <= 0 || elapsed.TotalSeconds < 0.5)
            return new(rows, bytes, all > 0 ? done / all : 0, null);
        double connections = Math.Max(1, load.Progress.Connections);
        double rest = Math.Max((work - workDone) / connections, longest * keyTime);
        return new(rows, bytes, Math.Clamp(workDone / work, 0, 1), TimeSpan.FromSeconds(rest));
    }

    private static double DoneNow(ILoad load) => load.Tables.Sum(table => table.Bytes + RowCost * table.Rows);
}
