using Jumpbag.Databases.Servers;

namespace Jumpbag.IncidentStore;

/// <summary>
/// The tables of a store. Lines are text, byte for byte, which the server itself checks against their hash; the trigger keeps even the owner from
/// slips, and grants keep all others from more than adding.
/// </summary>
internal static class StoreSchema
{
    /// <summary>Others are refused: a newer version's lines might follow other rules.</summary>
    public const string Format = "1";

    /// <summary>The channel on which what was added is told.</summary>
    public const string Channel = "jumpbag_event";

    /// <summary>Between those who make the tables; any number will do that is always the same.</summary>
    private const long MakingLock = 0x6a756d70626167;

    private const string Tables = $"""
        CREATE SCHEMA jumpbag;
        COMMENT ON SCHEMA jumpbag IS 'journals of incidents, written by jumpbag incident --store';
        CREATE TABLE jumpbag.store (format integer NOT NULL);
        CREATE TABLE jumpbag.event (
          journal text NOT NULL,
          number bigint NOT NULL CHECK (number > 0),
          hash text NOT NULL CHECK (hash ~ '^[0-9a-f]+$' AND length(hash) = 64),
          line text NOT NULL,
          added timestamptz NOT NULL DEFAULT now(),
          PRIMARY KEY (journal, number),
          UNIQUE (journal, hash),
          CHECK (right(line, 75) = ',"hash":"' || hash || '"' || chr(125) AND hash = encode(sha256(convert_to(left(line, -75), 'UTF8')), 'hex')));
        COMMENT ON COLUMN jumpbag.event.journal IS 'the hash of its first event';
        CREATE INDEX event_first ON jumpbag.event (journal) WHERE number = 1;
        CREATE FUNCTION jumpbag.append_only() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'events are only ever added' USING ERRCODE = 'restrict_violation'; END $$;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON jumpbag.event FOR EACH STATEMENT EXECUTE FUNCTION jumpbag.append_only();
        INSERT INTO jumpbag.store VALUES ({Format});
        """;

    /// <summary>Whether a statement failed since the tables are not there.</summary>
    public static bool IsMissing(ServerException e) => e.SqlState is "3F000" or "42P01";

    /// <summary>Makes the tables, unless another did meanwhile.</summary>
    public static void Make(PostgresConnection connection)
    {
        // Lines of other scripts than the database's encoding has could not be kept.
        string? encoding = connection.Query("SHOW server_encoding").Scalar;
        if (encoding != "UTF8")
            throw new Core.UnsupportedException($"the database's encoding is {encoding}", "a store needs one made with: createdb -E UTF8 -T template0 NAME");
        connection.Query($"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL search_path = pg_catalog; SELECT pg_advisory_xact_lock({MakingLock})");
        bool isThere = connection.Query("SELECT 1 FROM pg_namespace WHERE nspname = 'jumpbag'").Scalar is not null;
        connection.Query(isThere ? "COMMIT" : Tables + "COMMIT");
    }
}
