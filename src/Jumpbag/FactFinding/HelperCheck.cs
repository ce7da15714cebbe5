using Jumpbag.CommandLine;
using Jumpbag.Host;
using Jumpbag.Terminal;

namespace Jumpbag.FactFinding;

/// <summary>jumpbag facts --check: which helper programs are missing, known before the night in which they are needed.</summary>
internal static class HelperCheck
{
    /// <summary>Everything else is read from the kernel and from files.</summary>
    private static readonly (string Program, string For)[] Helpers =
    [
        ("smartctl", "health of disks (smart)"),
        ("systemctl", "failed units (units)"),
        ("journalctl", "errors in the journal, sudo (logs, logins)"),
        ("ssh", "other machines (--hosts)"),
    ];

    public static int Run(Session session, bool asJson)
    {
        var found = Helpers.Select(helper => (helper.Program, helper.For, Path: Programs.TryFind(helper.Program), Packages: Programs.PackagesOf(helper.Program))).ToArray();
        if (asJson)
        {
            session.Out.WriteJson(json =>
            {
                json.WriteStartArray();
                foreach (var helper in found)
                {
                    json.WriteStartObject();
                    json.WriteString("program", helper.Program);
                    json.WriteString("for", helper.For);
                    json.WriteString("path", helper.Path);
                    json.WriteString("debian", helper.Packages?.Debian);
                    json.WriteString("rpm", helper.Packages?.Rpm);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        }
        else
        {
            var table = new Table(("Program", false), ("Found", false), ("Debian", false), ("RPM", false), ("For", false));
            foreach (var helper in found)
                table.Add(helper.Program, helper.Path ?? "missing", helper.Packages?.Debian ?? "", helper.Packages?.Rpm ?? "", helper.For);
            foreach (string line in table.Lines(Screen.Width()))
                session.Out.WriteLine(line);
        }
        return found.Any(helper => helper.Path is null) ? ExitStatus.Partial : ExitStatus.Done;
    }
}
