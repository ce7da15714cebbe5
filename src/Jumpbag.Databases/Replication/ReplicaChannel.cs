using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Replication;

/// <summary>A channel through which a MariaDB or MySQL server follows another, as it says itself.</summary>
/// <param name="Name">Null of the one that has none.</param>
/// <param name="From">The host that it follows.</param>
/// <param name="Io">Whether it receives: "Yes", "Connecting", "No".</param>
/// <param name="Sql">Whether it applies what came.</param>
/// <param name="Lag">Seconds behind; null where it does not know.</param>
public sealed record ReplicaChannel(string? Name, string From, string Io, string? IoError, string Sql, string? SqlError, double? Lag)
{
    private static readonly Version NewWords = new(8, 0, 22);

    public bool Receives => Io == "Yes";

    public bool Applies => Sql == "Yes";

    /// <summary>Whether the server says replica and source where all others say slave and master.</summary>
    public static bool HasNewWords(MySqlConnection server) => !server.Version.IsMariaDb && server.Version.Number >= NewWords;

    /// <summary>What the server is asked; the right to it is REPLICA MONITOR in MariaDB, REPLICATION CLIENT in MySQL.</summary>
    public static string Statement(MySqlConnection server) => server.Version.IsMariaDb ? "SHOW ALL SLAVES STATUS" : HasNewWords(server) ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";

    /// <summary>None of a server that follows nobody.</summary>
    public static IReadOnlyList<ReplicaChannel> Of(MySqlConnection server) =>
        [.. server.Query(Statement(server)).Rows().Select(row => new ReplicaChannel(row.First("Connection_name", "Channel_Name"), row.First("Source_Host", "Master_Host") ?? "?",
            row.First("Replica_IO_Running", "Slave_IO_Running") ?? "?", row.First("Last_IO_Error"), row.First("Replica_SQL_Running", "Slave_SQL_Running") ?? "?", row.First("Last_SQL_Error"),
            Answers.Number(row.First("Seconds_Behind_Source", "Seconds_Behind_Master"))))];
}
