using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FactFinding;
using Jumpbag.Facts;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag facts: what is abnormal on this machine, on one screen.</summary>
public static class FactsCommand
{
    public static Command Make()
    {
        var command = new Command("facts")
        {
            FactsOptions.All, FactsOptions.Only, FactsOptions.Bundle, FactsOptions.Record, FactsOptions.Check, FactsOptions.Hosts, FactsOptions.Source, FactsOptions.Server, FactsOptions.MostTime,
            CommonOptions.Json, CommonOptions.Disk, CommonOptions.NoReplay, CommonOptions.Quiet, CommonOptions.Color,
        };
        command.Add(DiffVerb.Make());
        command.Runs((parsed, session) => Run(new(parsed), session));
        return command;
    }

    private static int Run(FactsOptions options, Session session)
    {
        if (options.Parsed.GetValue(FactsOptions.Check))
            return HelperCheck.Run(session, options.Json);
        if (options.BundleFile is { } bundle)
            BundleFile.CheckName(bundle);
        FactJournal? journal = options.Records ? new(session.Events) : null;
        if (options.Parsed.GetValue(FactsOptions.Hosts) is { } hosts)
            return new RemoteHosts(session, options, journal).Run(hosts);
        var run = new FactsRun(session, options);
        if (options.Parsed.GetValue(FactsOptions.Source) is { } source)
            new DeadMachine(session, options).Read(source, run);
        else
            run.Run();
        Deliver(run.Report, options, session);
        if (journal is not null)
            journal.Write([run.Report]);
        else
            FactJournal.Offer(run.Report, session.Events);
        return session.Status;
    }

    private static void Deliver(FactReport report, FactsOptions options, Session session)
    {
        if (!options.Json)
            Show(report, options, session, Screen.Height());
        session.Out.Flush();
        if (options.BundleFile is { } file)
        {
            string screen = string.Concat(new FactsScreen(report, 80, null, false).Lines().Select(line => line + "\n"));
            BundleFile.Write(file, file.EndsWith(".json", StringComparison.Ordinal) ? report.ToDocument(withEvidence: true) : FactBundle.Pack(report, screen));
            session.Events(new Status(ByteString.FromArgument(file).ToString(), $"{report.Facts.Count} facts and {report.Evidence.Count} pieces of evidence, secrets masked"));
        }
    }

    private static void Show(FactReport report, FactsOptions options, Session session, int? height)
    {
        var screen = new FactsScreen(report, Screen.Width(), height, Screen.UsesColor(options.Parsed.GetValue(CommonOptions.Color) ?? "auto", 1));
        foreach (string line in options.ShowsAll ? screen.All() : screen.Lines())
            session.Out.WriteLine(line);
    }
}
