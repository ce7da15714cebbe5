using Jumpbag.Databases.Servers;
using Jumpbag.Incident.Journal;

namespace Jumpbag.IncidentStore;

/// <summary>A session that listens. Where a pooler stands between, which carries no notifications, each wait just takes its time.</summary>
internal sealed class PostgresStoreWatch : IStoreWatch
{
    private static readonly TimeSpan MostForAnswer = TimeSpan.FromSeconds(5);

    private readonly PostgresConnection connection;
    private readonly StoreDeadline deadline;

    public PostgresStoreWatch(PostgresConnection connection, StoreDeadline deadline)
    {
        (this.connection, this.deadline) = (connection, deadline);
        connection.ReadTimeout = MostForAnswer;
        try
        {
            deadline.Guard(() => connection.Query($"LISTEN {StoreSchema.Channel}"));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public bool Wait(TimeSpan most) => deadline.Guard(() => connection.WaitForNotification(most));

    public void Dispose() => connection.Dispose();
}
