using System.Globalization;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host.Fuse;

/// <summary>Finds who serves a folder, by the guard that is its child.</summary>
internal static class FuseServers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2), Tick = TimeSpan.FromMilliseconds(5);

    /// <summary>The guard of a folder and the process that started it; null where there is none.</summary>
    public static (int Guard, int Server)? Find(ByteString folder)
    {
        byte[] start = Encoding.ASCII.GetBytes(FuseGuard.Name + "\0"), end = [0, .. folder.Span, 0];
        foreach (string process in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out int guard)
                && Read($"{process}/cmdline") is { } line && line.AsSpan().StartsWith(start) && line.AsSpan().EndsWith(end)
                // "PID (name) state parent …"; the name is a shell's.
                && Read($"{process}/stat") is { } status && Encoding.ASCII.GetString(status).Split(") ")[^1].Split(' ') is [_, var parent, ..])
                return (guard, int.Parse(parent, CultureInfo.InvariantCulture));
        return null;
    }

    /// <summary>
    /// Waits until a server has let go of what it served: so that who unmounts can use the source at once. One that has other
    /// things to do is not waited for longer.
    /// </summary>
    public static void Await((int Guard, int Server) served)
    {
        DateTime last = DateTime.UtcNow + Patience;
        while (Directory.Exists($"/proc/{served.Guard}") && DateTime.UtcNow < last)
            Thread.Sleep(Tick);
        last = DateTime.UtcNow + Patience / 10;
        while (Directory.Exists($"/proc/{served.Server}") && DateTime.UtcNow < last)
            Thread.Sleep(Tick);
    }

    private static byte[]? Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It ended meanwhile.
        }
    }
}
