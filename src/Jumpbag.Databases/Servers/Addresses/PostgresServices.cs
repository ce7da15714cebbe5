using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>libpq's service files: [NAME] and below it lines of parameter=value. The user's own is looked in before the machine's.</summary>
/// <remarks>https://www.postgresql.org/docs/current/libpq-pgservice.html</remarks>
internal sealed class PostgresServices(AddressSources sources)
{
    /// <summary>Gives each parameter of that service that is not given yet its value.</summary>
    public void Fill(string service, Dictionary<string, string> values, IEnumerable<string> known)
    {
        HashSet<string> names = [.. known];
        foreach (string path in Paths())
            if (Fill(path, service, values, names))
                return;
        throw new NotFoundException($"the service {service} is in no service file", $"looked in {string.Join(" and ", Paths())}");
    }

    private string[] Paths() =>
    [
        sources.Variable("PGSERVICEFILE") ?? Path.Combine(sources.Home, ".pg_service.conf"),
        Path.Combine(sources.Variable("PGSYSCONFDIR") ?? $"{sources.Root}/etc/postgresql-common", "pg_service.conf"),
    ];

    private static bool Fill(string path, string service, Dictionary<string, string> values, HashSet<string> known)
    {
        if (SmallFile.Read(path, out _) is not { } text)
            return false;
        string[] lines = text.Split('\n');
        bool found = false;
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line[0] == '[')
            {
                if (found)
                    break;
                found = line == $"[{service}]";
                continue;
            }
            if (!found)
                continue;
            string[] parts = line.Split('=', 2);
            if (parts.Length != 2)
                throw new FailedException($"{path}, line {i + 1}: is not of the form parameter=value");
            // What else libpq knows there (application_name, keepalives, …) changes nothing for us.
            if (known.Contains(parts[0]))
                values.TryAdd(parts[0], parts[1]);
        }
        return found;
    }
}
