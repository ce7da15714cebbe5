namespace Jumpbag.Databases.Dumps;

/// <summary>What a statement of a dump does, as far as loading treats it differently. Of both dialects.</summary>
public enum StatementKind
{
    /// <summary>Nothing below: sent as it stands, in its place.</summary>
    Other,

    /// <summary>SET NAMES, SET of session variables and of user variables (also inside a conditional comment).</summary>
    Set,

    /// <summary>SET GLOBAL, SET PERSIST, SET PASSWORD, and of PostgreSQL ALTER SYSTEM: what reaches beyond this load.</summary>
    SetGlobal,

    /// <summary>SET @@GLOBAL.GTID_PURGED, gtid_slave_pos, CHANGE MASTER, CHANGE REPLICATION SOURCE, START/STOP SLAVE.</summary>
    Replication,

    Use,
    CreateDatabase,
    DropDatabase,
    AlterDatabase,

    CreateTable,
    DropTable,
    AlterTable,
    TruncateTable,
    DisableKeys,
    EnableKeys,
    LockTables,
    UnlockTables,
    Begin,
    Commit,

    /// <summary>INSERT … VALUES, INSERT IGNORE and REPLACE (see <see cref="DumpStatement.InsertVerb"/>).</summary>
    Insert,

    /// <summary>PostgreSQL's COPY … FROM stdin with its lines.</summary>
    Copy,

    /// <summary>An UPDATE, DELETE, or an INSERT of another form (… SELECT, … SET): changes data, is sent in its place.</summary>
    Change,

    CreateSequence,
    DropSequence,
    SetSequenceValue,

    CreateView,
    DropView,
    CreateTrigger,
    DropTrigger,
    CreateRoutine,
    DropRoutine,
    CreateEvent,
    DropEvent,

    /// <summary>PostgreSQL: CREATE INDEX; ALTER TABLE … ADD CONSTRAINT of a primary key, unique or exclusion constraint.</summary>
    CreateIndex,

    /// <summary>PostgreSQL: ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY.</summary>
    AddForeignKey,

    /// <summary>PostgreSQL: REFRESH MATERIALIZED VIEW.</summary>
    RefreshView,

    /// <summary>CREATE/ALTER USER or ROLE, GRANT, REVOKE, and of PostgreSQL ALTER … OWNER TO.</summary>
    Account,
}
