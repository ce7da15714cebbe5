using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// What of a dump is loaded, kept on the server in a table of its own and written in the same transaction as the rows it tells
/// of. After any crash it tells exactly which rows are there.
/// </summary>
/// <remarks>The table lies in the database that the address names, else in one made for it. Its name holds the dump's identity.</remarks>
public sealed class LoadLedger
{
    private const string OwnDatabase = "jumpbag_load";

    private readonly ObjectName table;
    private readonly bool ownsDatabase;
    private readonly Dictionary<(int File, long Offset), long> batches = [];
    private readonly HashSet<ByteString> begun = [];
    private readonly HashSet<ByteString> complete = [];

    private LoadLedger(ObjectName table, bool ownsDatabase)
    {
        this.table = table;
        this.ownsDatabase = ownsDatabase;
        Claims = new(table.ToString());
    }

    public string Shown => table.ToString();

    public LoadClaims Claims { get; }

    /// <summary>In which its table lies, so that this database must stay.</summary>
    public ByteString Database => table.Qualifier!.Value;

    /// <summary>Rows and bytes that were committed by earlier runs.</summary>
    public long RowsBefore { get; private set; }

    public long BytesBefore { get; private set; }

    /// <exception cref="UnsupportedException">There is an unfinished load and the person said neither to resume nor to replace it; or it is of another dump.</exception>
    /// <exception cref="NotFoundException">There is nothing to resume.</exception>
    public static LoadLedger Open(MySqlConnection main, ByteString? database, LoadIdentity identity, bool resume, bool replace, EventSink events, CancellationToken cancellation)
    {
        LoadLedger ledger = Of(database, identity);
        List<(ObjectName Table, LoadIdentity? Identity)> unfinished = Unfinished(main, ledger.Database);
        bool exists = unfinished.Any(other => other.Table == ledger.table);
        LoadIdentity[] others = [.. unfinished.Select(other => other.Identity).OfType<LoadIdentity>()];
        if (resume && !exists && (others.FirstOrDefault(other => other.Content == identity.Content) ?? others.FirstOrDefault(other => other.Options == identity.Options)) is { } another)
            throw identity.Differs(another);
        if (resume && !exists)
            throw new NotFoundException("there is no unfinished load of this dump with these options to resume", "if its tables are all there it was finished; else run it without --resume");
        if (exists && !resume && !replace)
            throw ledger.Unfinished();
        foreach ((ObjectName old, LoadIdentity? of) in unfinished)
        {
            if (!resume && (old == ledger.table || (replace && of is not null && IsSameFile(of, identity))))
            {
                // What is begun anew is not gone on with any more, though the dump was changed since.
                new LoadClaims(old.ToString()).AwaitOthers(main, events, cancellation);
                main.Query(Sql.Join("DROP TABLE ", old));
            }
            else if (old != ledger.table)
            {
                events(new Warning($"another load into this database is unfinished: {of?.Dump ?? "of an unknown dump"} ({old})", $"unless it is to be resumed: DROP TABLE {old}"));
            }
        }
        if (exists && resume)
            ledger.Claims.AwaitOthers(main, events, cancellation);
        ledger.Claims.Claim(main, 0);
        if (exists && resume)
            ledger.Read(main);
        else
            ledger.Make(main, identity);
        return ledger;
    }

    /// <summary>Before anything else is said to be in the way: what a broken load has made is to be gone on with.</summary>
    /// <exception cref="UnsupportedException">There is an unfinished load of this dump.</exception>
    public static void CheckNone(MySqlConnection main, ByteString? database, LoadIdentity identity)
    {
        LoadLedger ledger = Of(database, identity);
        if (Unfinished(main, ledger.Database).Any(other => other.Table == ledger.table))
            throw ledger.Unfinished();
    }

    /// <summary>Whether the rows of this batch are there.</summary>
    public bool IsCommitted(int file, long offset, long bytes)
    {
        if (BytesCommitted(file, offset) is null)
            return false;
        CheckSame(file, offset, bytes);
        return true;
    }

    /// <summary>How many bytes were committed that begin there; null for none.</summary>
    public long? BytesCommitted(int file, long offset) => batches.TryGetValue((file, offset), out long known) ? known : null;

    /// <exception cref="FailedException">What was committed there is of another length.</exception>
    public void CheckSame(int file, long offset, long bytes)
    {
        if (BytesCommitted(file, offset) is { } known && known != bytes)
            throw new FailedException($"at byte {offset} {known} bytes were loaded earlier, and now {bytes} would be: this is not the same dump", "begin anew with --replace");
    }

    /// <summary>Whether any rows of a table are there and can be told from those that are not.</summary>
    public bool IsBegun(ObjectName name) => begun.Contains(Key(name));

    /// <summary>Whether a table without transactions was loaded to its end.</summary>
    public bool IsComplete(ObjectName name) => complete.Contains(Key(name));

    /// <summary>To be run in the transaction of the rows.</summary>
    public byte[] Note(RowBatch batch) => Insert('b', batch.File, batch.Offset, batch.Table.Name, batch.Rows, batch.Bytes);

    /// <param name="of">The table whose rows it holds, if any.</param>
    public byte[] Note(DumpStatement statement, TableLoad? of, long rows, long bytes) => Insert('b', statement.File, statement.Offset, of?.Name ?? new(null, default), rows, bytes);

    /// <param name="of">The table that it alters, so that a resumed load does not make it again.</param>
    public byte[] NoteStatement(DumpStatement statement, TableLoad? of) => Insert('b', statement.File, statement.Offset, of?.Name ?? new(null, default), 0, statement.Length);

    public byte[] NoteComplete(TableLoad done) => Insert('t', 0, 0, done.Name, done.Rows, done.Bytes);

    public void Drop(MySqlConnection main)
    {
        main.Query(Sql.Join("DROP TABLE IF EXISTS ", table));
        if (!ownsDatabase)
            return;
        if (main.Query($"SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{OwnDatabase}' LIMIT 1").Rows.Count == 0)
            main.Query("DROP DATABASE IF EXISTS " + OwnDatabase);
    }

    private static LoadLedger Of(ByteString? database, LoadIdentity identity) =>
        new(new(database ?? ByteString.FromText(OwnDatabase), ByteString.FromText("jumpbag_load_" + Convert.ToHexStringLower(identity.Hash[..6]))), database is null);

    private UnsupportedException Unfinished() => new($"a load of this dump is unfinished ({Shown})", "--resume goes on with it, --replace begins anew");

    /// <summary>The notes of loads that were broken off, in this database.</summary>
    private static List<(ObjectName Table, LoadIdentity? Identity)> Unfinished(MySqlConnection main, ByteString database) =>
        [.. main.Query($"SELECT CAST(TABLE_NAME AS BINARY), CAST(TABLE_COMMENT AS BINARY) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {Sql.NameLiteral(database)} AND TABLE_NAME LIKE 'jumpbag|_load|_%' ESCAPE '|'")
            .Rows.Select(row => (new ObjectName(database, ByteString.Own(row[0]!)), LoadIdentity.Read(Encoding.UTF8.GetString(row[1]!))))];

    private static bool IsSameFile(LoadIdentity one, LoadIdentity other) =>
        one.Options == other.Options && one.Dump.Split(" of ")[0] == other.Dump.Split(" of ")[0];

    private byte[] Insert(char kind, int file, long offset, ObjectName name, long rows, long bytes) =>
        Sql.Join("INSERT INTO ", table, string.Create(CultureInfo.InvariantCulture, $" VALUES ('{kind}',{file},{offset},{Sql.Hex(Key(name).Span)},{rows},{bytes})"));

    private void Make(MySqlConnection main, LoadIdentity identity)
    {
        if (ownsDatabase)
            main.Query("CREATE DATABASE IF NOT EXISTS " + OwnDatabase);
        main.Query(Sql.Join("CREATE TABLE ", table, " (kind CHAR(1) CHARACTER SET ascii NOT NULL, file INT NOT NULL, at BIGINT NOT NULL, "
            + "name VARBINARY(520) NOT NULL, row_count BIGINT NOT NULL, bytes BIGINT NOT NULL, PRIMARY KEY (kind, file, at, name)) ENGINE=InnoDB "
            + $"COMMENT='progress of jumpbag load, dropped when it is done: {identity}'"));
    }

    private void Read(MySqlConnection main)
    {
        foreach (byte[]?[] row in main.Query(Sql.Join("SELECT kind, file, at, name, row_count, bytes FROM ", table)).Rows)
        {
            var name = ByteString.Own(row[3]!);
            if (row[0]![0] == 't')
            {
                complete.Add(name);
                continue;
            }
            batches[((int)Number(row[1]), Number(row[2]))] = Number(row[5]);
            RowsBefore += Number(row[4]);
            BytesBefore += Number(row[5]);
            if (!name.IsEmpty)
                begun.Add(name);
        }
    }

    private static long Number(byte[]? text) => long.Parse(Encoding.ASCII.GetString(text!), CultureInfo.InvariantCulture);

    private static ByteString Key(ObjectName name) => ByteString.Own([.. (name.Qualifier ?? default).Span, .. name.Name.IsEmpty ? ""u8 : "\0"u8, .. name.Name.Span]);
}
