using System.Globalization;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Facts;
using Jumpbag.Host;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.FactFinding;

/// <summary>jumpbag facts --hosts: several machines at once, the one that needs help most on top. One that is dead is a result.</summary>
internal sealed class RemoteHosts(Session session, FactsOptions options, FactJournal? journal)
{
    private const int MostAtOnce = 64, LeastLines = 8;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);

    public int Run(string named)
    {
        if (options.BundleFile is not null)
            throw new UsageException("--bundle and --hosts do not go together", "--json writes all machines' facts, one on each line");
        string ssh = Programs.Find("ssh");
        TimeSpan budget = options.Budget < Longest ? options.Budget : Longest;
        string arguments = string.Create(CultureInfo.InvariantCulture, $"--budget {budget.TotalSeconds:0.###}{(options.OnlyNames is { } only ? $" --only {only}" : "")}");
        RemoteHost[] hosts = [.. Names(named).Select(name => new RemoteHost(name, ssh, budget, arguments, Tell))];
        Ask(hosts);
        RemoteHost[] sorted = [.. hosts.OrderBy(Rank).ThenByDescending(host => host.Report.Count(FactLevel.Critical)).ThenByDescending(host => host.Report.Count(FactLevel.Warning)).ThenBy(host => Array.IndexOf(hosts, host))];
        if (!options.Json)
            Show(sorted);
        session.Out.Flush();
        journal?.Write(sorted.Select(host => host.Report));
        return session.Status;
    }

    private static string[] Names(string named)
    {
        string[] names = [.. named.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct()];
        return names.FirstOrDefault(name => name[0] == '-') is { } option ? throw new UsageException($"--hosts: {Printable.Line(option)} is no host")
            : names.Length == 0 ? throw new UsageException("--hosts: names no host", "such as --hosts db1,db2,root@db3") : names;
    }

    private void Ask(RemoteHost[] hosts)
    {
        CancellationToken cancellation = session.CatchSignals();
        var ahead = new Queue<RemoteHost>(hosts);
        var asked = new List<RemoteHost>();
        try
        {
            while (asked.Count > 0 || ahead.Count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                while (asked.Count < MostAtOnce && ahead.TryDequeue(out RemoteHost? next))
                {
                    next.Start();
                    asked.Add(next);
                }
                OutputJob.WaitAny([.. asked.Select(host => host.Job!)], 50);
                foreach (RemoteHost host in asked.ToArray())
                    if (!host.Go())
                    {
                        asked.Remove(host);
                        Tell(FactLine.Of(new ProbeResult("host", host.Outcome!.Value, host.Reason, host.Report.Seconds)) with { Host = host.Name });
                    }
                if (options.ShowsProgress && asked.Count > 0)
                    session.Events(new ProgressText($"facts: waiting for {asked.Count} of {hosts.Length}: {string.Join(", ", asked.Take(5).Select(host => Printable.Line(host.Name)))}", false));
            }
        }
        finally
        {
            foreach (RemoteHost host in asked)
                host.Dispose();
        }
    }

    private void Tell(FactLine line)
    {
        if (!options.Json || line.Type == "begin")
            return;
        session.Out.Write(line.ToBytes());
        session.Out.Flush();
    }

    /// <summary>What loses data can be treated; what does not answer comes next.</summary>
    private static int Rank(RemoteHost host) =>
        host.Report.Count(FactLevel.Critical) > 0 ? 0 : host.Outcome != ProbeOutcome.Ok ? 1 : host.Report.Count(FactLevel.Warning) > 0 ? 2 : 3;

    private void Show(RemoteHost[] hosts)
    {
        bool color = Screen.UsesColor(options.Parsed.GetValue(CommonOptions.Color) ?? "auto", 1);
        int? height = Screen.Height() is { } rows ? Math.Max(LeastLines, rows / hosts.Length) : null;
        var table = new Table(("Host", false), ("Critical", true), ("Warning", true), ("Changed", true), ("Answer", false));
        foreach (RemoteHost host in hosts)
            table.Add(Printable.Line(host.Name), Count(host, FactLevel.Critical), Count(host, FactLevel.Warning), Count(host, FactLevel.Changed), host.Reason is null ? "ok" : $"{FactLine.Word(host.Outcome!.Value)}: {host.Reason}");
        foreach (string line in table.Lines(Screen.Width()))
            session.Out.WriteLine(line);
        foreach (RemoteHost host in hosts.Where(host => host.Report.Results.Count > 0))
        {
            session.Out.WriteLine();
            var screen = new FactsScreen(host.Report, Screen.Width(), height, color);
            foreach (string line in options.ShowsAll ? screen.All() : screen.Lines())
                session.Out.WriteLine(line);
        }
    }

    private static string Count(RemoteHost host, FactLevel level) => host.Outcome == ProbeOutcome.Ok || host.Report.Results.Count > 0 ? host.Report.Count(level).ToString(CultureInfo.InvariantCulture) : "-";
}
