using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Replication;
using Jumpbag.Databases.Servers;
using Jumpbag.Host;

namespace Jumpbag.Backup.Tiers;

/// <summary>How a live copy is.</summary>
/// <param name="Lag">Seconds behind; null where nobody knows or the probe has none.</param>
public sealed record LiveState(BackupCopy Copy, bool IsHealthy, double? Lag, string Message);

/// <summary>Asks a live copy how it is: mysql://, mariadb://, postgres:// (replication and lag), http://, https:// (any answer below 400), tcp:// (it listens).</summary>
public static class LiveProbe
{
    private const string MaxLag = "max-lag";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What does not answer is not healthy; nothing is thrown.</summary>
    /// <param name="password">Of the login, where the copy names one; a database's own option files are looked into without it.</param>
    public static LiveState Ask(BackupCopy copy, Func<BackupCopy, byte[]> password)
    {
        try
        {
            string probe = copy.Probe!;
            (string url, TimeSpan? most) = TakeLag(probe);
            return url.Split("://")[0].ToLowerInvariant() switch
            {
                "mysql" or "mariadb" or "postgres" or "postgresql" => AskServer(copy, url, most, copy.Password is null ? null : password(copy)),
                "http" or "https" => AskWeb(copy, probe),
                "tcp" => AskPort(copy, probe),
                var scheme => new(copy, false, null, $"probe: {scheme}:// is not known; mysql://, postgres://, http://, https:// and tcp:// are"),
            };
        }
        catch (Exception e) when (e is JumpbagException or IOException or SocketException or HttpRequestException or OperationCanceledException or UriFormatException or ArgumentException or AggregateException)
        {
            return new(copy, false, null, e is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:0} s" : (e.InnerException ?? e).Message);
        }
    }

    private static LiveState AskServer(BackupCopy copy, string url, TimeSpan? most, byte[]? password)
    {
        ServerAddress address = ServerAddress.Parse(url).Within(Patience);
        if (password is not null)
            address = address with { Password = new Secret(Encoding.UTF8.GetString(password)) };
        ReplicaState state;
        if (address.Kind == ServerKind.MariaDb)
        {
            using MySqlConnection connection = MySqlConnection.Connect(address);
            connection.ReadTimeout = Patience;
            state = ReplicaState.Of(connection);
        }
        else
        {
            using PostgresConnection connection = PostgresConnection.Connect(address);
            connection.ReadTimeout = Patience;
            state = ReplicaState.Of(connection);
        }
        if (state.Problem is { } problem)
            return new(copy, false, state.Lag, problem);
        if (state.Lag is not { } lag)
            return new(copy, false, null, $"follows {state.From}; how far behind is not known");
        string said = string.Create(CultureInfo.InvariantCulture, $"follows {state.From}, {lag:0} s behind");
        return most is { } limit && lag > limit.TotalSeconds ? new(copy, false, lag, $"{said}; {Durations.Format(limit)} are allowed") : new(copy, true, lag, said);
    }

    private static LiveState AskWeb(BackupCopy copy, string url)
    {
        if (url.StartsWith("https", StringComparison.OrdinalIgnoreCase))
            OpenSsl.Require("https", "http:// needs none");
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Patience };
        using HttpResponseMessage answer = client.Send(new(HttpMethod.Get, url), HttpCompletionOption.ResponseHeadersRead);
        return new(copy, (int)answer.StatusCode < 400, null, $"answers {(int)answer.StatusCode} {answer.ReasonPhrase}");
    }

    private static LiveState AskPort(BackupCopy copy, string url)
    {
        var place = new Uri(url);
        if (place.Port <= 0)
            return new(copy, false, null, "probe: tcp:// needs a port, such as tcp://db2:3306");
        using var socket = new TcpClient();
        using var deadline = new CancellationTokenSource(Patience);
        socket.ConnectAsync(place.IdnHost, place.Port, deadline.Token).AsTask().GetAwaiter().GetResult();
        return new(copy, true, null, $"port {place.Port} is open");
    }

    /// <summary>The parameter that is ours, and the URL without it.</summary>
    private static (string Url, TimeSpan? Most) TakeLag(string probe)
    {
        int query = probe.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
            return (probe, null);
        string[] parameters = probe[(query + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries);
        string? lag = parameters.FirstOrDefault(parameter => parameter.StartsWith(MaxLag + "=", StringComparison.Ordinal))?[(MaxLag.Length + 1)..];
        TimeSpan? most = lag is null ? null : Durations.Parse(lag) ?? throw new UsageException($"probe: {MaxLag}={lag} is no span of time", "such as max-lag=30s");
        string rest = string.Join('&', parameters.Where(parameter => !parameter.StartsWith(MaxLag + "=", StringComparison.Ordinal)));
        string url = probe[..query];
        return (rest.Length > 0 ? $"{url}?{rest}" : url, most);
    }
}
