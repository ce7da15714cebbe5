using Jumpbag.Core;
using Jumpbag.Databases.Servers;
using Jumpbag.Databases.Servers.Addresses;
using Jumpbag.Facts.Databases;
using Jumpbag.Facts.Files;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>
/// Database servers of this machine, through their sockets, and those whose addresses were given. They are only asked; accounts and passwords are where their
/// own clients keep them. One that does not answer is a fact, and the others are asked still.
/// </summary>
internal static class DatabasesProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static void Run(ProbeContext context)
    {
        ServerAddress[] asked = [.. context.Wanted.Select(url => ServerAddress.Parse(url))];
        IReadOnlyList<LocalServer> local = LocalServers.Find(context.Files);
        foreach (ServerAddress address in asked)
            Ask(context, address.Place, address);
        foreach (LocalServer server in local.Where(server => asked.All(one => one.Socket != server.Socket)))
            AskLocal(context, server);
        if (asked.Length + local.Count == 0)
            context.Info("none", "databases", "no MariaDB, MySQL or PostgreSQL listens here", "/proc/net/unix");
    }

    private static ServerAddress AddressOf(LocalServer server) => ServerAddress.Parse(
        $"{(server.Kind == ServerKind.MariaDb ? "mysql://" : "postgresql://")}/{(server.Kind == ServerKind.Postgres ? "postgres" : "")}?socket={Uri.EscapeDataString(server.Socket)}",
        new AddressSources { UserName = OwnerOf(server)?.Name ?? Environment.UserName });

    /// <summary>PostgreSQL lets in whoever is the user that it belongs to; root is that one meanwhile.</summary>
    private static void AskLocal(ProbeContext context, LocalServer server)
    {
        ServerAddress address = AddressOf(server);
        if (OwnerOf(server) is not var (uid, _, gid))
        {
            Ask(context, server.Socket, address);
            return;
        }
        KernelState.BecomeUser(uid, gid).ThrowIfFailed(server.Socket);
        try
        {
            Ask(context, server.Socket, address);
        }
        finally
        {
            KernelState.BecomeRoot().ThrowIfFailed(server.Socket);
        }
    }

    private static void Ask(ProbeContext context, string name, ServerAddress address)
    {
        context.At(name);
        try
        {
            ServerAddress patient = Patient(address);
            if (address.Kind == ServerKind.MariaDb)
            {
                using MySqlConnection connection = MySqlConnection.Connect(patient);
                connection.ReadTimeout = Patience;
                new MySqlFacts(context, connection, name).Report();
            }
            else
            {
                using PostgresConnection connection = PostgresConnection.Connect(patient);
                connection.ReadTimeout = Patience;
                new PostgresFacts(context, connection, name).Report();
            }
        }
        catch (ServerException e) when (e.IsAccessDenied)
        {
            context.Denied($"{name}: {e.Message}; give an address: --server {address.Scheme}://USER@HOST");
        }
        catch (ServerException e) when (e.Code == 1040 || e.SqlState == "53300")
        {
            context.Critical("connections", name, $"takes no more connections: {FilesExtensions.Shown(e.Message)}", name, "which application holds them? end its idle ones, or restart it");
        }
        catch (Exception e) when (e is ServerException or ConnectionLostException or FailedException or NotFoundException)
        {
            context.Critical("silent", name, $"does not answer: {FilesExtensions.Shown(e.Message)}", name, "its log; is its disk full or stuck? jumpbag facts --only filesystems,disks,pressure");
        }
    }

    /// <summary>The same with less patience.</summary>
    private static ServerAddress Patient(ServerAddress address) => new()
    {
        Kind = address.Kind,
        Host = address.Host,
        Port = address.Port,
        Socket = address.Socket,
        User = address.User,
        Password = address.Password,
        Database = address.Database,
        Tls = address.Tls,
        AuthoritiesFile = address.AuthoritiesFile,
        CertificateFile = address.CertificateFile,
        KeyFile = address.KeyFile,
        ConnectTimeout = Patience,
    };

    /// <summary>Of a PostgreSQL server, where root asks; else null.</summary>
    private static (uint Uid, string Name, uint Gid)? OwnerOf(LocalServer server)
    {
        if (server.Kind != ServerKind.Postgres || ProcessIdentity.EffectiveUser != 0 || FileStatus.OfTarget(ByteString.FromArgument(server.Socket), out FileStatus status) != Errno.None)
            return null;
        return (status.Uid, Login.NameOf(status.Uid), status.Gid);
    }
}
