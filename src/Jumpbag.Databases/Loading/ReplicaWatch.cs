using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// How far behind the replicas of a server are. It knows those that register themselves (SHOW SLAVE HOSTS, report_host), and logs in
/// to them as to the server itself.
/// </summary>
public sealed class ReplicaWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TimeSpan most;
    private readonly List<MySqlConnection> replicas = [];
    private DateTime asked;

    /// <exception cref="NotFoundException">No replica has registered itself.</exception>
    public ReplicaWatch(MySqlConnection main, ServerAddress address, TimeSpan most)
    {
        this.most = most;
        foreach (byte[]?[] row in main.Query("SHOW SLAVE HOSTS").Rows)
        {
            string host = Encoding.UTF8.GetString(row[1] ?? []);
            int port = int.Parse(Encoding.ASCII.GetString(row[2]!), CultureInfo.InvariantCulture);
            if (host.Length == 0)
                continue;
            replicas.Add(MySqlConnection.Connect(new()
            {
                Kind = ServerKind.MariaDb,
                Host = host,
                Port = port,
                User = address.User,
                Password = address.Password,
                Tls = address.Tls,
                AuthoritiesFile = address.AuthoritiesFile,
            }));
        }
        if (replicas.Count == 0)
            throw new NotFoundException("no replica of this server says where it is", "set report_host on the replicas, or leave out --max-replica-lag");
    }

    /// <summary>Waits while any replica is too far behind, or does not replicate at all. Asks no more than once a second.</summary>
    /// <param name="waiting">Told who is waited for, again and again.</param>
    public void Wait(Action<string?> waiting, CancellationToken cancellation)
    {
        if (DateTime.UtcNow - asked < Interval)
            return;
        while (Behind() is { } reason)
        {
            waiting(reason);
            cancellation.WaitHandle.WaitOne(Interval);
            cancellation.ThrowIfCancellationRequested();
        }
        waiting(null);
        asked = DateTime.UtcNow;
    }

    public void Dispose()
    {
        foreach (MySqlConnection replica in replicas)
            replica.Dispose();
    }

    private string? Behind()
    {
        foreach (MySqlConnection replica in replicas)
        {
            QueryResult status = replica.Query("SHOW SLAVE STATUS");
            int column = status.Columns.ToList().FindIndex(name => name.ToString() is "Seconds_Behind_Master" or "Seconds_Behind_Source");
            if (column < 0 || status.Rows.Count == 0)
                continue;
            if (status.Rows[0][column] is not { } text)
                return $"replica {replica.Address.Place} does not replicate";
            if (int.Parse(Encoding.ASCII.GetString(text), CultureInfo.InvariantCulture) is var seconds && seconds > most.TotalSeconds)
                return $"replica {replica.Address.Place} is {seconds} s behind";
        }
        return null;
    }
}
