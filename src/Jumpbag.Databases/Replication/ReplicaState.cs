using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Replication;

/// <summary>Whether a server follows another, and how far behind it is.</summary>
/// <param name="From">Whom it follows; null where it follows nobody.</param>
/// <param name="Lag">Seconds behind; null where nobody knows.</param>
/// <param name="Problem">Why it does not follow; null where it does.</param>
public sealed record ReplicaState(string? From, double? Lag, string? Problem)
{
    /// <summary>Of several channels the worst one.</summary>
    public static ReplicaState Of(MySqlConnection server)
    {
        ReplicaState? worst = null;
        foreach (ReplicaChannel channel in ReplicaChannel.Of(server))
        {
            string? problem = !channel.Applies ? $"it applies nothing: {channel.SqlError ?? "its SQL thread is stopped"}"
                : !channel.Receives ? $"it receives nothing ({channel.Io}): {channel.IoError ?? "its IO thread is stopped"}"
                : null;
            if (worst is null || (worst.Problem is null && (problem is not null || channel.Lag is null || channel.Lag > worst.Lag)))
                worst = new(channel.From, channel.Lag, problem);
        }
        return worst ?? new(null, null, "it is no replica: it follows nobody");
    }

    public static ReplicaState Of(PostgresConnection server)
    {
        var state = StandbyState.Of(server);
        return !state.IsStandby ? new(null, null, "it is no standby: it takes writes itself")
            : new(state.Sender ?? "its primary", state.Lag, state.IsPaused ? "its replay is paused" : !state.Receives ? $"it receives nothing ({state.Receiver ?? "no receiver"})" : null);
    }
}
