using System.Globalization;
using System.Net;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.Texts;

namespace Jumpbag.Facts.Probes;

/// <summary>Links, routes, name servers, full queues and tables. Each name server is asked one question; nothing else is sent.</summary>
internal static class NetworkProbe
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(2);

    private static readonly string[] Troubles = ["rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "rx_fifo_errors", "tx_carrier_errors"];

    public static void Run(ProbeContext context)
    {
        FileEntry[] links = [.. context.List("/sys/class/net").Where(link => link.Name is not ("lo" or "bonding_masters"))];
        Dictionary<string, long> before = links.SelectMany(link => Counts(context.Files, link)).ToDictionary();
        Dictionary<string, long> queues = Counters.OfTable(context.Files.Text("/proc/net/netstat") ?? "");
        Task<(string Server, string? Failure, double Milliseconds)[]> names = NameServers.Ask(context.Text("/etc/resolv.conf") ?? "", Patience);
        foreach (FileEntry link in links)
            Link(context, link);
        Bonds(context);
        Routes(context);
        Tables(context);
        Thread.Sleep(Pause);
        Growing(context, links, before);
        Queues(context, queues);
        foreach ((string server, string? failure, double milliseconds) in names.GetAwaiter().GetResult())
            context.Add(failure is null ? FactLevel.Info : FactLevel.Warning, "nameServer", server, failure ?? string.Create(CultureInfo.InvariantCulture, $"answers in {milliseconds:0} ms"), "/etc/resolv.conf, one query",
                failure is null ? null : "every look-up waits for it first: another server in /etc/resolv.conf, names in /etc/hosts", moves: failure is null);
    }

    private static IEnumerable<KeyValuePair<string, long>> Counts(IFiles files, FileEntry link) =>
        Troubles.Select(count => KeyValuePair.Create($"{link.Name}/{count}", files.Number($"{link.Path}/statistics/{count}") ?? 0));

    private static void Link(ProbeContext context, FileEntry link)
    {
        const int Up = 1;
        IFiles files = context.Files;
        string state = files.Line($"{link.Path}/operstate") ?? "?";
        bool wanted = files.Line($"{link.Path}/flags") is { } flags && flags.StartsWith("0x", StringComparison.Ordinal) && int.TryParse(flags.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int bits) && (bits & Up) != 0;
        bool isHardware = files.Stat($"{link.Path}/device") is not null, isBond = files.Stat($"{link.Path}/bonding") is not null;
        string speed = files.Number($"{link.Path}/speed") is > 0 and var megabits ? $", {megabits} Mbit/s" : "", duplex = files.Line($"{link.Path}/duplex") ?? "";
        if (wanted && state is "down" or "lowerlayerdown" && (isHardware || isBond))
            context.Critical("link", link.Name, files.Number($"{link.Path}/carrier") == 0 ? "is switched on and has no carrier" : $"is switched on and {state}", $"{link.Path}/operstate", $"cable, switch port, other side; ethtool {link.Name}");
        else
            context.Info("link", link.Name, $"{state}{speed}{(wanted ? "" : ", switched off")}", $"{link.Path}/operstate");
        if (duplex == "half" && state == "up" && isHardware)
            context.Warning("duplex", link.Name, $"half duplex{speed}", $"{link.Path}/duplex", $"the other side is set by hand? ethtool {link.Name}");
    }

    private static void Bonds(ProbeContext context)
    {
        foreach (FileEntry bond in context.List("/proc/net/bonding"))
        {
            string? member = null;
            foreach (string line in (context.Text(bond.Path) ?? "").Split('\n'))
                if (line.StartsWith("Slave Interface: ", StringComparison.Ordinal))
                    member = line["Slave Interface: ".Length..].Trim();
                else if (line.StartsWith("MII Status: down", StringComparison.Ordinal) && member is not null)
                    context.Warning("bond", $"{bond.Name} {FilesExtensions.Shown(member)}", "a link of this bond is down", bond.Path, "cable, switch port: the next one takes the bond down");
        }
    }

    private static void Routes(ProbeContext context)
    {
        string four = context.Text("/proc/net/route") ?? "", six = context.Text("/proc/net/ipv6_route") ?? "";
        (string Link, string Gateway)[] routes = [.. DefaultRoutes(four)];
        bool hasSix = six.Split('\n').Any(line => line.StartsWith("00000000000000000000000000000000 00 ", StringComparison.Ordinal) && !line.TrimEnd().EndsWith(" lo", StringComparison.Ordinal));
        if (routes.Length == 0)
            context.Add(hasSix ? FactLevel.Info : FactLevel.Critical, "route", "default", hasSix ? "IPv6 only" : "there is no default route: other networks cannot be reached", "/proc/net/route", hasSix ? null : "ip route; is the link up, did DHCP answer?");
        string neighbours = context.Text("/proc/net/arp") ?? "";
        foreach ((string link, string gateway) in routes)
        {
            string? state = neighbours.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(words => words is [var address, _, _, _, _, var device] && address == gateway && device == link)?[2];
            // 0x0: it was asked for and has not answered.
            context.Add(state == "0x0" ? FactLevel.Critical : FactLevel.Info, "route", "default", state == "0x0" ? $"the gateway {gateway} does not answer on {link}" : $"by {gateway} on {link}", "/proc/net/route, /proc/net/arp", state == "0x0" ? "switch, VLAN, the gateway itself: ip neigh" : null);
        }
    }

    /// <summary>Of /proc/net/route: "eth0 00000000 0102A8C0 0003 …", addresses in hexadecimal with the bytes turned round.</summary>
    internal static IEnumerable<(string Link, string Gateway)> DefaultRoutes(string table)
    {
        foreach (string line in table.Split('\n').Skip(1))
            if (line.Split('\t', StringSplitOptions.TrimEntries) is [var link, "00000000", var gateway, var flags, _, _, _, "00000000", ..]
                && uint.TryParse(gateway, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint address) && uint.TryParse(flags, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint bits) && (bits & 1) != 0)
                yield return (link, new IPAddress(address).ToString());
    }

    private static void Tables(ProbeContext context)
    {
        if (context.Files.Number("/proc/sys/net/netfilter/nf_conntrack_count") is { } used && context.Files.Number("/proc/sys/net/netfilter/nf_conntrack_max") is > 0 and var most)
            context.Add(used >= most * 0.98 ? FactLevel.Critical : used >= most * 0.8 ? FactLevel.Warning : FactLevel.Info, "conntrack", "netfilter", $"{used} of {most} connections tracked", "/proc/sys/net/netfilter/nf_conntrack_count",
                used >= most * 0.8 ? "new connections are dropped when it is full: sysctl -w net.netfilter.nf_conntrack_max=…" : null, moves: true);
    }

    private static void Growing(ProbeContext context, FileEntry[] links, Dictionary<string, long> before)
    {
        foreach (FileEntry link in links)
        {
            string[] growing = [.. Counts(context.Files, link).Where(count => count.Value - before[count.Key] is var growth && growth > (count.Key.EndsWith("dropped", StringComparison.Ordinal) ? 10 : 0)).Select(count => $"{count.Key.Split('/')[1].Replace('_', ' ')} +{count.Value - before[count.Key]}")];
            if (growing.Length > 0)
                context.Warning("errors", link.Name, $"in one second: {string.Join(", ", growing)}", $"{link.Path}/statistics", $"ip -s link show {link.Name}; ethtool -S {link.Name}; cable, driver, overload");
            else
                context.Info("errors", link.Name, string.Join(", ", Counts(context.Files, link).Select(count => $"{count.Key.Split('/')[1].Replace('_', ' ')} {count.Value}")), $"{link.Path}/statistics", moves: true);
        }
    }

    private static void Queues(ProbeContext context, Dictionary<string, long> before)
    {
        Dictionary<string, long> now = Counters.OfTable(context.Text("/proc/net/netstat") ?? "");
        foreach ((string name, string what) in new[] { ("TcpExt.ListenOverflows", "connections refused since a program accepts too slowly"), ("TcpExt.TCPReqQFullDrop", "connections dropped since the queue of new ones is full"), ("TcpExt.TCPMemoryPressures", "times TCP ran short of memory") })
        {
            long total = now.GetValueOrDefault(name), growth = total - before.GetValueOrDefault(name);
            context.Add(growth > 0 ? FactLevel.Critical : FactLevel.Info, name.Split('.')[1], "tcp", growth > 0 ? $"{growth} {what} in the last second, {total} since boot" : $"{total} {what} since boot", "/proc/net/netstat",
                growth > 0 ? "which: ss -ltn, where Recv-Q exceeds Send-Q; restart or relieve it" : null, moves: growth == 0);
        }
    }
}
