using System.Globalization;
using Jumpbag.Databases.Servers;
using Jumpbag.Facts.Files;
using Jumpbag.Host;

namespace Jumpbag.Facts.Databases;

/// <summary>A database server of this machine, by the socket on which it listens.</summary>
internal sealed record LocalServer(ServerKind Kind, string Socket);

/// <summary>Finds the database servers that run here: the listening sockets with a name that belong to their processes.</summary>
internal static class LocalServers
{
    private const int MostProcesses = 100_000;

    /// <summary>Where the packages put them, for those who may not look into other users' processes.</summary>
    private static readonly string[] MySqlSockets = ["/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/run/mariadb/mariadb.sock", "/tmp/mysql.sock"];

    public static IReadOnlyList<LocalServer> Find(IFiles files)
    {
        Dictionary<string, string> listening = Listening(files.Text("/proc/net/unix", 8 << 20) ?? "");
        var found = new List<LocalServer>();
        foreach (FileEntry process in files.List("/proc").Where(entry => entry.IsDirectory && char.IsAsciiDigit(entry.Name[0])).Take(MostProcesses))
            if (KindOf(files.Line($"{process.Path}/comm")) is { } kind)
                foreach (string socket in Sockets(process.Path, listening))
                    Add(found, new(kind, socket));
        foreach (string socket in listening.Values.Distinct())
            if (Array.IndexOf(MySqlSockets, socket.Replace("/var/run/", "/run/", StringComparison.Ordinal)) >= 0)
                Add(found, new(ServerKind.MariaDb, socket));
            else if (Path.GetFileName(socket).StartsWith(".s.PGSQL.", StringComparison.Ordinal))
                Add(found, new(ServerKind.Postgres, socket));
        return [.. found.OrderBy(server => server.Socket, StringComparer.Ordinal)];
    }

    /// <summary>Of /proc/net/unix the sockets that take connections, by inode: "Num RefCount Protocol Flags Type St Inode Path".</summary>
    internal static Dictionary<string, string> Listening(string table)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in table.Split('\n'))
            if (line.Split(' ', 8, StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var flags, _, _, var inode, var path] && path.StartsWith('/')
                && int.TryParse(flags, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int bits) && (bits & 0x10000) != 0)
                found[inode] = path;
        return found;
    }

    private static void Add(List<LocalServer> found, LocalServer server)
    {
        // MySQL's X protocol is another language.
        if (!found.Any(known => known.Socket == server.Socket) && !Path.GetFileName(server.Socket).Contains("mysqlx", StringComparison.Ordinal))
            found.Add(server);
    }

    private static ServerKind? KindOf(string? command) => command switch
    {
        "mariadbd" or "mysqld" => ServerKind.MariaDb,
        "postgres" => ServerKind.Postgres,
        _ => null,
    };

    private static IEnumerable<string> Sockets(string process, Dictionary<string, string> listening)
    {
        string[] descriptors;
        try
        {
            descriptors = Directory.GetFiles($"{process}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Another user's: the usual places are looked at too.
        }
        return descriptors.Select(SymbolicLink.Target).Where(target => target is not null && target.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(target => listening.GetValueOrDefault(target!["socket:[".Length..^1])).OfType<string>();
    }
}
