using System.CommandLine;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Incident.Texts;
using Jumpbag.Terminal;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup policy [SOURCE …]: exit status 1 where it does not hold.</summary>
internal static class PolicyVerb
{
    private static readonly Argument<string[]> Names = new("source") { Arity = ArgumentArity.ZeroOrMore, Description = "only these sources" };

    public static Command Make() => TierOptions.Make("policy", Run, Names);

    private static int Run(BackupDesk desk)
    {
        IReadOnlyList<BackupSource> sources = desk.Sources(desk.Parsed.GetValue(Names) ?? []);
        Overview overview = Overview.Of(desk, sources, sizes: true);
        bool isBroken = overview.Violations.Count > 0 || overview.Live.Any(live => !live.IsHealthy);
        if (desk.Json)
            desk.Out.WriteJson(json => OverviewJson.Write(json, overview));
        else
            Show(desk, sources, overview);
        return isBroken ? ExitStatus.Failed : desk.Session.Status;
    }

    private static void Show(BackupDesk desk, IReadOnlyList<BackupSource> sources, Overview overview)
    {
        foreach (BackupSource source in sources)
        {
            List<Violation> broken = [.. overview.Violations.Where(violation => violation.Source == source.Name)];
            desk.Out.WriteLine(broken.Count == 0 ? $"{source.Name}: holds" : $"{source.Name}:");
            foreach (Violation violation in broken)
            {
                desk.Out.WriteLine($"  {violation.Rule}: {Printable.Line(violation.Message)}");
                desk.Out.WriteLine($"    mend: {Printable.Line(violation.Mend)}");
            }
        }
        foreach (LiveState live in overview.Live.Where(live => !live.IsHealthy))
            desk.Out.WriteLine($"{live.Copy.Name} (live): {Printable.Line(live.Message)}");
    }
}
