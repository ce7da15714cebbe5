using Jumpbag.Core;
using Jumpbag.Databases.Servers;
using Jumpbag.Incident.Journal;

namespace Jumpbag.IncidentStore;

/// <summary>The time that all of a session may take, and the one form in which its failures go out.</summary>
internal sealed class StoreDeadline(string place, TimeSpan? patience) : IDisposable
{
    private readonly long end = patience is { } most ? Environment.TickCount64 + (long)most.TotalMilliseconds : long.MaxValue;
    private Timer? timer;

    /// <summary>Milliseconds that are left, for the server, which then gives up a moment before we do.</summary>
    public long Left => Math.Clamp(end - Environment.TickCount64, 100, 60_000);

    /// <summary>Makes the connection, which from now on ends with the time.</summary>
    public PostgresConnection Connect(Func<PostgresConnection> connect) => Guard(() =>
    {
        PostgresConnection connection = connect();
        if (patience is { } most)
            timer = new(_ => connection.Abort($"no answer within {most.TotalSeconds:0.#} s"), null, Left, Timeout.Infinite);
        return connection;
    });

    /// <exception cref="PlaceException">Whatever goes wrong.</exception>
    public T Guard<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (JumpbagException e)
        {
            string reason = e is ServerException { SqlState: "42501" } ? $"{e.Message} (the role needs SELECT and INSERT; whoever may create tables uses the store first)"
                : e.Hint is { } hint ? $"{e.Message} ({hint.Replace("a file with --password-file", "JUMPBAG_STORE", StringComparison.Ordinal)})" : e.Message;
            throw new PlaceException(place, reason);
        }
    }

    public void Dispose() => timer?.Dispose();
}
