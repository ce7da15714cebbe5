using System.Globalization;
using System.Text;
using Jumpbag.Core.Events;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>
/// Each connection of a load holds a lock on the server under a name of its own, until it ends. A run that was killed leaves
/// statements behind that the server goes on with, and perhaps commits: who resumes waits until their locks are free, and then
/// reads what is there.
/// </summary>
public sealed class LoadClaims(string load)
{
    /// <summary>The most connections that a load can have, the main one included.</summary>
    public const int Most = 256;

    private const string Free = "1";

    /// <summary>Waits for all connections of earlier runs to be gone.</summary>
    public void AwaitOthers(MySqlConnection connection, EventSink events, CancellationToken cancellation)
    {
        bool told = false;
        for (int number = 0; number < Most; number++)
        {
            string name = Name(number);
            while (connection.Query($"SELECT GET_LOCK({name}, {(told ? 1 : 0)})").Scalar != Free)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!told && connection.Query($"SELECT IS_USED_LOCK({name})").Scalar is { } holder)
                    events(new Warning($"connection {holder} of an earlier run of this load is still at work on the server; waiting for its end", $"if no other jumpbag is loading this dump, KILL {holder} ends it"));
                told = true;
            }
            connection.Query($"SELECT RELEASE_LOCK({name})");
        }
    }

    public void Claim(MySqlConnection connection, int number) => connection.Query($"SELECT GET_LOCK({Name(number)}, 0)");

    private string Name(int number) => Sql.Hex(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{load}/{number}")));
}
