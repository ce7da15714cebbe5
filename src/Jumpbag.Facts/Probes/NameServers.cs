using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Jumpbag.Facts.Probes;

/// <summary>Asks each name server that resolv.conf(5) lists for the servers of the root, to learn whether it answers at all.</summary>
internal static class NameServers
{
    private const int Port = 53, MostServers = 8;

    /// <summary>Header with RD and one question: ".", NS, IN (RFC 1035).</summary>
    private static readonly byte[] Question = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];

    public static IReadOnlyList<IPAddress> Listed(string resolvConf) =>
        [.. resolvConf.Split('\n').Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Where(words => words is ["nameserver", _, ..])
            .Select(words => IPAddress.TryParse(words[1], out IPAddress? address) ? address : null).OfType<IPAddress>().Distinct().Take(MostServers)];

    /// <returns>Of each why it gives no answer, null where it does.</returns>
    public static Task<(string Server, string? Failure, double Milliseconds)[]> Ask(string resolvConf, TimeSpan patience) =>
        Task.WhenAll(Listed(resolvConf).Select(server => Ask(new IPEndPoint(server, Port), patience)));

    internal static async Task<(string Server, string? Failure, double Milliseconds)> Ask(IPEndPoint server, TimeSpan patience)
    {
        long begin = Stopwatch.GetTimestamp();
        try
        {
            using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            using var deadline = new CancellationTokenSource(patience);
            byte[] question = [.. Question];
            ushort id = (ushort)Random.Shared.Next(1, 65535);
            BinaryPrimitives.WriteUInt16BigEndian(question, id);
            await socket.ConnectAsync(server, deadline.Token).ConfigureAwait(false);
            await socket.SendAsync(question, deadline.Token).ConfigureAwait(false);
            var answer = new byte[4096];
            int length;
            do
                length = await socket.ReceiveAsync(answer, deadline.Token).ConfigureAwait(false);
            while (length < 12 || BinaryPrimitives.ReadUInt16BigEndian(answer) != id);
            int code = answer[3] & 15;
            // Refused or not found is an answer; a failure of the server is none that helps anyone.
            return (server.Address.ToString(), code == 2 ? "answers that it has failed (SERVFAIL)" : null, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }
        catch (OperationCanceledException)
        {
            return (server.Address.ToString(), $"does not answer in {patience.TotalSeconds:0} s", 0);
        }
        catch (SocketException e)
        {
            return (server.Address.ToString(), $"cannot be asked: {e.Message}", 0);
        }
    }
}
