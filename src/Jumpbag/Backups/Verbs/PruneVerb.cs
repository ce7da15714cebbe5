using System.CommandLine;
using Jumpbag.Backup.Maintenance;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup prune [COPY …]: removes the data that no snapshot needs.</summary>
internal static class PruneVerb
{
    private static readonly Argument<string[]> Names = new("copy") { Arity = ArgumentArity.ZeroOrMore, Description = "only these copies" };

    public static Command Make() => TierOptions.Make("prune", Run, Names, CommonOptions.DryRun);

    private static int Run(BackupDesk desk)
    {
        bool failed = false, dryRun = desk.Parsed.GetValue(CommonOptions.DryRun);
        foreach (BackupCopy copy in desk.Repositories(desk.Parsed.GetValue(Names) ?? []))
            failed |= !desk.Try(copy.Name, () =>
            {
                PruneResult result = new PruneRun(desk.Copies.Open(copy), desk.Events, desk.Session.CatchSignals()).Run(dryRun);
                desk.Events(new Status(copy.Name, $"{(dryRun ? "would free" : "freed")} {ByteSize.Format(result.BytesFreed)}: {result.PacksRemoved} packs removed, {result.PacksRepacked} packed anew; {ByteSize.Format(result.BytesUnused)} stay unused"));
            });
        return failed ? ExitStatus.Failed : desk.Session.Status;
    }
}
