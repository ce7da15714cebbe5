using System.Net;
using Jumpbag.Board.Access;
using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Incident.Notifying;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Boards;

/// <summary>Where boards listen, and what this state folder knows of them.</summary>
internal static class BoardPlaces
{
    public const int UsualPort = 7911;

    public static KeyRing Keys { get; } = new(StateFolder.Path);

    /// <summary>Where the board that was started last listens, for "board link".</summary>
    private static string AddressFile => Path.Combine(StateFolder.Path, "board", "address");

    /// <summary>ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT, :PORT or PORT.</summary>
    public static IPEndPoint Listen(string? text)
    {
        if (text is null)
            return new(IPAddress.Loopback, UsualPort);
        string full = text.Replace("localhost", "127.0.0.1", StringComparison.OrdinalIgnoreCase);
        if (int.TryParse(full.TrimStart(':'), out int port) && port is >= 0 and <= IPEndPoint.MaxPort)
            return new(IPAddress.Loopback, port);
        // Without a port the library takes 0, which means any.
        bool hasPort = full.Contains("]:", StringComparison.Ordinal) || full.Count(c => c == ':') == 1;
        return IPEndPoint.TryParse(full, out IPEndPoint? address) ? hasPort ? address : new(address.Address, UsualPort)
            : throw new UsageException($"--listen {Printable.Line(text)}: no address", "such as 127.0.0.1:8080, 0.0.0.0:7911, [::1]:7911");
    }

    /// <summary>As a browser on this machine (or, of all addresses, on another) finds it.</summary>
    public static string Url(IPEndPoint listening) => listening.Address.Equals(IPAddress.Any) || listening.Address.Equals(IPAddress.IPv6Any)
        ? $"http://{Environment.MachineName}:{listening.Port}/" : $"http://{listening}/";

    public static void Remember(IPEndPoint listening) => WholeFile.Write(AddressFile, System.Text.Encoding.ASCII.GetBytes(listening.ToString()));

    public static IPEndPoint? Remembered()
    {
        try
        {
            return IPEndPoint.TryParse(File.ReadAllText(AddressFile).Trim(), out IPEndPoint? address) ? address : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
