using Jumpbag.Core;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>Asks a server, on a connection of its own that is made when it is first needed, what other connections wait for.</summary>
internal sealed class ServerWatch(ServerAddress address) : IDisposable
{
    private MySqlConnection? connection;

    /// <summary>In the server's words: "Waiting for table metadata lock". Empty where it does not say.</summary>
    public IReadOnlyList<string> Ask(IEnumerable<long> connections)
    {
        try
        {
            connection ??= MySqlConnection.Connect(address);
            return [.. connection.Query($"SELECT STATE FROM information_schema.PROCESSLIST WHERE ID IN ({string.Join(',', connections)}) AND COMMAND <> 'Sleep' AND STATE <> ''")
                .Rows.Select(row => new ByteString(row[0] ?? []).ToString()).Where(state => state.Length > 0)];
        }
        catch (JumpbagException)
        {
            // Only a look: if the server is gone, the load itself says so.
            Dispose();
            return [];
        }
    }

    public void Dispose()
    {
        connection?.Dispose();
        connection = null;
    }
}
