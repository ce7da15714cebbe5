using System.Diagnostics;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Facts;
using Jumpbag.Facts.Dead;
using Jumpbag.FileSystems.Locators;

namespace Jumpbag.FactFinding;

/// <summary>jumpbag facts --source LOCATOR</summary>
internal sealed class DeadMachine(Session session, FactsOptions options)
{
    public void Read(string locator, FactsRun run)
    {
        long begin = Stopwatch.GetTimestamp();
        run.Report.Host = ByteString.FromArgument(locator).ToString();
        run.Begin();
        var disk = new DeadDisk(session.Events, run.Take, result => run.Take(FactLine.Of(result)), options.WithEvidence);
        using var places = new PlaceOpener(options.Parsed.GetValue(CommonOptions.Disk) ?? [], !options.Parsed.GetValue(CommonOptions.NoReplay), disk.Opening);
        disk.Read(places, locator, options.Budget);
        run.End(Stopwatch.GetElapsedTime(begin));
    }
}
