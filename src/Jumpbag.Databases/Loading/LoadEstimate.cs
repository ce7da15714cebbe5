using Jumpbag.Core;
using Jumpbag.Databases.Dumps;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// How much of a load is done and how long the rest takes. Bytes alone would lie: a row costs the server something for itself and for
/// each of its columns, an index that is kept costs as each row comes, and one that is put off has its own time when the rows are in.
/// </summary>
/// <param name="Rows">In all.</param>
/// <param name="Bytes">In all, of rows.</param>
/// <param name="Share">Of the work, 0 to 1.</param>
/// <param name="Remaining">Null in the first moments.</param>
public sealed record LoadEstimate(long Rows, long Bytes, double Share, TimeSpan? Remaining)
{
    /// <summary>
    /// Nanoseconds of the server's time, measured on MariaDB 10.11 with tables of 2 to 8 columns and 16 to 4000 bytes a row. Only what
    /// they are to each other matters: how long the work really takes is observed.
    /// </summary>
    private const double PerTable = 1.5e6, PerRow = 800, PerColumn = 400, PerByte = 9, PerKey = 1000, PerKeyKept = 3000;

    /// <summary>So much work must be seen of a table before its own speed counts as much as that of all.</summary>
    private const double Enough = 0.3e9;

    public static LoadEstimate Of(ILoad load, DumpIndex index)
    {
        var tables = new List<TableWork>();
        foreach (DumpObject table in index.Objects)
            if (table.Type == DumpObjectType.Table && (load.Find(table) is not null || load.Wants(table)))
                tables.Add(new(table, load.Find(table), load.DefersKeys(table)));
        long rows = tables.Sum(table => table.Dump.Rows), bytes = tables.Sum(table => table.Dump.Bytes);
        double seen = tables.Sum(table => table.RowWorkSeen), busy = load.Progress.Busy.TotalSeconds;
        if (seen <= 0 || busy < 0.2)
            return new(rows, bytes, bytes > 0 ? (double)tables.Sum(table => table.BytesDone) / bytes : 0, null);
        double speed = busy / seen;
        double buildSpeed = BuildSpeed(load.Progress.Builds, speed);
        double rest = Rest(tables, load.Progress, speed, buildSpeed);
        double all = tables.Sum(table => table.RowWork * speed + table.KeyWork * buildSpeed);
        double left = tables.Sum(table => table.RowWorkLeft * speed + table.KeyWorkLeft * buildSpeed);
        return new(rows, bytes, Math.Clamp(1 - left / all, 0, 1), TimeSpan.FromSeconds(rest));
    }

    /// <summary>Seconds for each nanosecond of nominal work.</summary>
    private static double BuildSpeed(IReadOnlyList<(long Rows, int Keys, TimeSpan Time)> builds, double speed)
    {
        double work = builds.Sum(build => PerKey * build.Rows * build.Keys);
        return (builds.Sum(build => build.Time.TotalSeconds) + Enough * speed) / (work + Enough);
    }

    /// <summary>
    /// Plays through what is left as the connections will do it: rows of a table are shared by all, in the order of the dump; an index
    /// build takes one connection from when its table's rows are in.
    /// </summary>
    private static double Rest(List<TableWork> tables, LoadProgress progress, double speed, double buildSpeed)
    {
        double[] free = new double[Math.Max(1, progress.Connections)];
        foreach (TableWork table in tables)
            if (table.Now is { BuildingSince: { } since } && !table.BuildsOneByOne)
            {
                double past = (progress.Elapsed - since).TotalSeconds;
                // One that takes longer than it should goes on for a while.
                Take(free, Math.Max(table.KeyWorkLeft * buildSpeed - past, past / 10));
            }
        foreach (TableWork table in tables)
        {
            Spread(free, table.RowWorkLeft * table.Speed(speed));
            if (table.BuildsOneByOne)
                for (int i = 0; i < table.KeysLeft; i++)
                    Take(free, table.KeyWorkLeft / table.KeysLeft * buildSpeed);
            else if (table.Now is not { BuildingSince: not null })
                Take(free, table.KeyWorkLeft * buildSpeed);
        }
        return free.Max();
    }

    private static void Take(double[] free, double seconds) => free[Array.IndexOf(free, free.Min())] += seconds;

    /// <summary>Fills up those that are free first.</summary>
    private static void Spread(double[] free, double seconds)
    {
        if (seconds <= 0)
            return;
        Array.Sort(free);
        int count = 1;
        double level = free[0] + seconds;
        for (double sum = free[0]; count < free.Length && free[count] < level; count++)
        {
            sum += free[count];
            level = (sum + seconds) / (count + 1);
        }
        Array.Fill(free, level, 0, count);
    }

    /// <summary>The work that one table is, nominal nanoseconds; <paramref name="defers"/>: its indexes are built when the rows are in.</summary>
    private sealed class TableWork(DumpObject dump, TableLoad? now, bool defers)
    {
        public DumpObject Dump => dump;

        public TableLoad? Now => now;

        /// <summary>Where the dump makes each index by a statement of its own.</summary>
        public bool BuildsOneByOne => dump.Indexes > 0;

        public int Keys => BuildsOneByOne ? dump.Indexes : Deferred + dump.AddedKeys;

        public int KeysLeft => BuildsOneByOne ? Math.Max(0, dump.Indexes - (now?.IndexesBuilt ?? 0))
            : (now is { IsBuilt: true } ? 0 : Deferred) + Math.Max(0, dump.AddedKeys - (now?.IndexesBuilt ?? 0));

        public long BytesDone => now is null ? 0 : Math.Min(dump.Bytes, now.Bytes + now.BytesBefore);

        public double RowWork => Work(1, dump.Rows, dump.Bytes);

        public double RowWorkLeft => now is null ? RowWork : Math.Max(0, Work(0, dump.Rows - now.Rows - now.RowsBefore, dump.Bytes - now.Bytes - now.BytesBefore));

        /// <summary>That this run has done.</summary>
        public double RowWorkSeen => now is null ? 0 : Work(now.Rows > 0 ? 1 : 0, now.Rows, now.Bytes);

        public double KeyWork => PerKey * dump.Rows * Keys;

        public double KeyWorkLeft => PerKey * dump.Rows * KeysLeft;

        /// <summary>Its own as far as it was observed, else that of all.</summary>
        public double Speed(double ofAll) => ((now?.Busy.TotalSeconds ?? 0) + Enough * ofAll) / (RowWorkSeen + Enough);

        private int Deferred => now is { HasBegun: true } ? now.Deferred?.Keys.Count ?? 0 : defers ? dump.Shape.Keys : 0;

        private double Work(int made, long rows, long bytes) =>
            PerTable * made + (PerRow + PerColumn * dump.Shape.Columns + PerKeyKept * Math.Max(0, dump.Shape.Keys - Deferred)) * rows + PerByte * bytes;
    }
}
