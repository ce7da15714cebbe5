using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Replication;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// How far behind the replicas of a server are, which it asks as it asks the server itself. It finds them where they register themselves
/// (report_host), and the others by the addresses from which they read the binary log.
/// </summary>
public sealed class ReplicaWatch : IDisposable
{
    private const int DefaultPort = 3306;
    private const string Hint = "set report_host and report_port on the replicas, or leave out --max-replica-lag";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly TimeSpan most;
    private readonly List<MySqlConnection> replicas = [];
    private DateTime asked;

    /// <exception cref="NotFoundException">No replica is there, or one that reads the binary log cannot be asked.</exception>
    public ReplicaWatch(MySqlConnection main, TimeSpan most)
    {
        this.most = most;
        try
        {
            Find(main);
        }
        catch
        {
            Dispose();
            throw;
        }
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

    private void Find(MySqlConnection main)
    {
        List<byte[]?[]> rows = [.. main.Query(ReplicaChannel.HasNewWords(main) ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS").Rows];
        List<(string Host, int Port)> registered = [.. rows.Select(row => (Encoding.UTF8.GetString(row[1] ?? []), int.Parse(Encoding.ASCII.GetString(row[2]!), CultureInfo.InvariantCulture)))];
        foreach ((string host, int port) in registered)
            if (host.Length > 0)
                replicas.Add(Connect(main.Address, host, port, $"replica {host}:{port}"));
        List<string> readers = [.. main.Query("SELECT HOST FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'").Rows.Select(row => HostOf(Encoding.UTF8.GetString(row[0] ?? [])))];
        // Those that are known already; which of several on one machine are, shows in their number only.
        foreach ((string host, _) in registered)
            if (host.Length > 0 && Addresses(host).FirstOrDefault(readers.Contains) is { } known)
                readers.Remove(known);
        int[] ports = [.. registered.Where(replica => replica.Host.Length == 0).Select(replica => replica.Port)];
        foreach (string host in readers)
        {
            if (ports.Distinct().Count() > 1)
                throw new NotFoundException($"a replica at {host} reads the binary log, and does not say at which port it answers ({string.Join(", ", ports)} are known)", Hint);
            MySqlConnection found = Connect(main.Address, host, ports.Length > 0 ? ports[0] : DefaultPort, $"a replica at {host} reads the binary log, and cannot be asked");
            replicas.Add(found);
            if (Status(found).Rows.Count == 0)
                throw new NotFoundException($"a program at {host} reads the binary log, and the server {found.Address.Place} is no replica", Hint);
        }
        if (replicas.Count == 0)
            throw new NotFoundException("this server has no replica", "is this the right server? else leave out --max-replica-lag");
    }

    private static MySqlConnection Connect(ServerAddress address, string host, int port, string what)
    {
        try
        {
            return MySqlConnection.Connect(new()
            {
                Kind = ServerKind.MariaDb,
                Host = host,
                Port = port,
                User = address.User,
                Password = address.Password,
                Tls = address.Tls,
                AuthoritiesFile = address.AuthoritiesFile,
            });
        }
        catch (JumpbagException e)
        {
            throw new NotFoundException($"{what}: {e.Message}", $"the account that loads must be allowed to log in there too; {Hint}");
        }
    }

    private static QueryResult Status(MySqlConnection replica) => replica.Query(ReplicaChannel.HasNewWords(replica) ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS");

    /// <summary>Of "10.0.0.5:41234" and "[::1]:41234".</summary>
    private static string HostOf(string client)
    {
        int colon = client.LastIndexOf(':');
        return (colon < 0 ? client : client[..colon]).Trim('[', ']');
    }

    private static string[] Addresses(string host)
    {
        try
        {
            return [host, .. Dns.GetHostAddresses(host).Select(address => address.ToString())];
        }
        catch (SocketException)
        {
            return [host];
        }
    }

    private string? Behind()
    {
        foreach (MySqlConnection replica in replicas)
        {
            QueryResult status = Status(replica);
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
