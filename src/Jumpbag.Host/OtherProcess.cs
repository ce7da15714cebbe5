using System.Globalization;

namespace Jumpbag.Host;

/// <summary>A process of this machine that is known by its number, which another may have been given since.</summary>
public static class OtherProcess
{
    private const int TicksPerSecond = 100;

    /// <summary>Whether a process of that number runs that was there at that time.</summary>
    public static bool Runs(int id, DateTimeOffset since)
    {
        try
        {
            // pid (name with anything in it) state ppid …: the start is the 22nd field, in ticks since boot.
            string stat = File.ReadAllText($"/proc/{id}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            double started = double.Parse(fields[19], CultureInfo.InvariantCulture) / TicksPerSecond;
            double up = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
            return fields[0] is not ("Z" or "X") && DateTimeOffset.UtcNow.AddSeconds(started - up) < since.AddSeconds(2);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return false;
        }
    }
}
