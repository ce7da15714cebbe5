using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>
/// What of a dump is done in one database, kept there in a table of its own. PostgreSQL's definitions are transactional as its rows
/// are, so each statement and each batch of rows is committed together with its line here: after any crash the ledger tells exactly
/// what is there. What cannot run in a transaction (CREATE DATABASE) is announced before it is run.
/// </summary>
/// <remarks>
/// Connections of a load share an advisory lock, so that a load is not begun while sessions of an earlier one still work on the server.
/// </remarks>
internal sealed class PostgresLedger
{
    public const string Schema = "jumpbag_load";

    /// <summary>How long sessions that a killed load left behind may take to end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    private readonly string table;
    private readonly long key;
    private readonly Dictionary<(int File, long Offset), (long Bytes, bool IsDone)> known = [];
    private readonly Dictionary<ByteString, List<(int File, long Offset)>> byTable = [];

    private bool isMade;

    /// <param name="identity">Of the dump and of the options that decide what a batch is.</param>
    public PostgresLedger(ReadOnlySpan<byte> identity)
    {
        table = $"{Schema}.load_{Convert.ToHexStringLower(identity[..6])}";
        key = BinaryPrimitives.ReadInt64BigEndian(identity);
    }

    /// <summary>Rows and bytes of rows that earlier runs have committed.</summary>
    public long BytesBefore { get; private set; }

    /// <summary>An earlier run had finished, and was broken off while it cleared away.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Looks for what an earlier run has left; nothing is changed yet.</summary>
    /// <param name="mustExist">Whether --resume makes no sense without it: in the database where the load began.</param>
    /// <exception cref="UnsupportedException">There is an unfinished load and the person said neither to resume nor to replace it.</exception>
    /// <exception cref="NotFoundException">There is nothing to resume.</exception>
    public void Open(PostgresConnection main, LoadOptions options, bool mustExist)
    {
        LockOut(main);
        bool exists = main.Query($"SELECT pg_catalog.to_regclass('{table}')").Scalar is not null;
        if (options.Resume && !exists && mustExist)
            throw new NotFoundException("there is no unfinished load of this dump with these options to resume", "it was never begun, or came to its end; without --resume it is begun");
        if (exists && !options.Resume && !options.Replace)
            throw new UnsupportedException($"a load of this dump is unfinished ({table})", "--resume goes on with it, --replace begins anew");
        isMade = exists && options.Resume;
        if (isMade)
            Read(main);
    }

    public void Make(PostgresConnection main)
    {
        if (isMade)
            return;
        isMade = true;
        // The dump may go on as another account than the one that loads.
        main.Query($"CREATE SCHEMA IF NOT EXISTS {Schema}; GRANT USAGE ON SCHEMA {Schema} TO PUBLIC; DROP TABLE IF EXISTS {table}; "
            + $"CREATE TABLE {table} (file int, at bigint, bytes bigint NOT NULL, row_count bigint NOT NULL, name bytea, done boolean NOT NULL, PRIMARY KEY (file, at)); "
            + $"COMMENT ON TABLE {table} IS 'progress of jumpbag load; dropped when it is done'; GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO PUBLIC");
    }

    /// <summary>Every further connection of the load takes part in its lock.</summary>
    public void Join(PostgresConnection connection) => connection.Query($"SELECT pg_catalog.pg_advisory_lock_shared({key})");

    public bool IsDone(int file, long offset, long bytes)
    {
        if (!known.TryGetValue((file, offset), out var entry) || !entry.IsDone)
            return false;
        return entry.Bytes == bytes ? true
            : throw new FailedException($"at byte {offset} {entry.Bytes} bytes were loaded earlier, and now {bytes} would be: this is not the same dump", "begin anew with --replace");
    }

    public bool IsDone(DumpStatement statement) => IsDone(statement.File, statement.Offset, statement.Length);

    /// <summary>Whether something that begins there is done.</summary>
    public bool Knows(DumpStatement statement) => known.TryGetValue((statement.File, statement.Offset), out var entry) && entry.IsDone;

    /// <summary>Whether an earlier run was about to do it, outside of a transaction.</summary>
    public bool IsAnnounced(DumpStatement statement) => known.TryGetValue((statement.File, statement.Offset), out var entry) && !entry.IsDone;

    /// <summary>To be run in the transaction of what it tells of.</summary>
    public string Note(DumpStatement statement) => Insert(statement.File, statement.Offset, statement.Length, 0, "NULL", true);

    public string Note(ObjectName name, int file, long offset, long bytes, long rows) => Insert(file, offset, bytes, rows, Key(name), true);

    public string Announce(DumpStatement statement) => Insert(statement.File, statement.Offset, statement.Length, 0, "NULL", false);

    public string Confirm(DumpStatement statement) =>
        string.Create(CultureInfo.InvariantCulture, $"UPDATE {table} SET done = true WHERE file = {statement.File} AND at = {statement.Offset}");

    /// <summary>The rows of a table are gone: those that a crash of the server takes away (UNLOGGED).</summary>
    public string Forget(ObjectName name)
    {
        if (byTable.Remove(Name(name), out List<(int, long)>? places))
            foreach ((int, long) place in places)
                known.Remove(place);
        return $"DELETE FROM {table} WHERE name = {Key(name)}";
    }

    /// <summary>All is loaded: from here on only the ledgers are cleared away, this one last.</summary>
    public void End(PostgresConnection connection) => connection.Query(Insert(-1, 0, 0, 0, "NULL", true) + " ON CONFLICT DO NOTHING");

    public void Drop(PostgresConnection connection)
    {
        // What the dump has the server do at each DROP is not meant for ours.
        if (connection.Query("SELECT 1 FROM pg_catalog.pg_event_trigger LIMIT 1").Rows.Count > 0 && connection.Query("SELECT pg_catalog.current_setting('is_superuser')").Scalar == "on")
            connection.Query("SET session_replication_role = replica");
        string drop = "DROP TABLE IF EXISTS " + table;
        try
        {
            // In one transaction: who is killed between them would leave an empty schema behind.
            connection.Query($"{drop}; DROP SCHEMA IF EXISTS {Schema}");
        }
        catch (ServerException e) when (e.SqlState == "2BP01")
        {
            // Another load's ledger lies there.
            connection.Query(drop);
        }
    }

    private string Insert(int file, long at, long bytes, long rows, string name, bool done) =>
        string.Create(CultureInfo.InvariantCulture, $"INSERT INTO {table} VALUES ({file}, {at}, {bytes}, {rows}, {name}, {(done ? "true" : "false")})");

    private void LockOut(PostgresConnection main)
    {
        for (long started = Environment.TickCount64; main.Query($"SELECT pg_catalog.pg_try_advisory_lock({key})").Scalar != "t"; Thread.Sleep(200))
        {
            if (Environment.TickCount64 - started < Patience.TotalMilliseconds)
                continue;
            string? holder = main.Query($"SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_catalog.pg_backend_pid() AND ((classid::bigint << 32) | objid::bigint) = {key} LIMIT 1").Scalar;
            throw new UnsupportedException($"a load of this dump is still at work on the server (process {holder})", $"wait for it, or end it there: SELECT pg_terminate_backend({holder})");
        }
        Join(main);
        main.Query($"SELECT pg_catalog.pg_advisory_unlock({key})");
    }

    private void Read(PostgresConnection main)
    {
        const int Page = 100_000;
        (string file, string at) = ("-2", "0");
        while (true)
        {
            IReadOnlyList<byte[]?[]> rows = main.Query($"SELECT file, at, bytes, encode(name, 'hex'), done FROM {table} WHERE (file, at) > ({file}, {at}) ORDER BY file, at LIMIT {Page}").Rows;
            foreach (byte[]?[] row in rows)
            {
                (file, at) = (Text(row[0]), Text(row[1]));
                var place = (int.Parse(file, CultureInfo.InvariantCulture), long.Parse(at, CultureInfo.InvariantCulture));
                long bytes = long.Parse(Text(row[2]), CultureInfo.InvariantCulture);
                known[place] = (bytes, row[4] is [(byte)'t']);
                IsEnded |= place.Item1 < 0;
                if (row[3] is null)
                    continue;
                BytesBefore += bytes;
                var name = ByteString.Own(Convert.FromHexString(Text(row[3])));
                if (!byTable.TryGetValue(name, out List<(int, long)>? places))
                    byTable.Add(name, places = []);
                places.Add(place);
            }
            if (rows.Count < Page)
                return;
        }
    }

    private static string Text(byte[]? value) => Encoding.ASCII.GetString(value!);

    private static ByteString Name(ObjectName name) => ByteString.Own([.. (name.Qualifier ?? default).Span, 0, .. name.Name.Span]);

    private static string Key(ObjectName name) => $"pg_catalog.decode('{Convert.ToHexStringLower(Name(name).Span)}', 'hex')";
}
