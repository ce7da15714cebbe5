using Jumpbag.Core;
using Jumpbag.Databases.Servers;
using Jumpbag.Incident.Journal;

namespace Jumpbag.IncidentStore;

/// <summary>Journals in a database of a PostgreSQL server, from version 11 on. Nothing is looked up or connected before that is needed.</summary>
public sealed class PostgresStore : IEventStore
{
    /// <summary>A server that is there takes connections sooner, from anywhere.</summary>
    private static readonly TimeSpan MostToConnect = TimeSpan.FromSeconds(2);

    private readonly string url;

    /// <param name="url">Whatever is wrong with it shows when it is connected to, since a command that is journalled must not fail of it.
    /// postgres://…; what it leaves open comes from where psql takes it: PG*, service file, ~/.pgpass.</param>
    public PostgresStore(string url) => (this.url, Place) = (url, ShownOf(url));

    /// <summary>The address as it was given, without its password: what may be remembered and shown.</summary>
    public string Place { get; }

    /// <summary>Looks whether the address is one of PostgreSQL, without going there.</summary>
    /// <exception cref="UsageException">It is not.</exception>
    public static PostgresStore Parse(string url)
    {
        ServerAddress address = ServerAddress.Parse(url);
        return address.Kind == ServerKind.Postgres ? new(url)
            : throw new UsageException($"{ServerAddress.WithoutPassword(url)}: a store is a database of PostgreSQL", "postgres://USER@HOST/DATABASE");
    }

    public IStoreSession Connect(TimeSpan patience)
    {
        var deadline = new StoreDeadline(Place, patience);
        return new PostgresStoreSession(deadline.Connect(Open(patience)), deadline);
    }

    public IStoreWatch Watch()
    {
        var deadline = new StoreDeadline(Place, null);
        return new PostgresStoreWatch(deadline.Connect(Open(MostToConnect)), deadline);
    }

    private static string ShownOf(string url)
    {
        try
        {
            return ServerAddress.WithoutPassword(url);
        }
        catch (UsageException)
        {
            return "the incident's store";
        }
    }

    private Func<PostgresConnection> Open(TimeSpan most) => () => PostgresConnection.Connect(ServerAddress.Parse(url).Within(most < MostToConnect ? most : MostToConnect));
}
