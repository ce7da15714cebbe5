using System.CommandLine;
using Jumpbag.CommandLine;

namespace Jumpbag.Incidents;

/// <summary>The options that the verbs of "jumpbag incident" share.</summary>
internal static class IncidentOptions
{
    public static readonly Option<string> Incident = new("--incident", "-i") { HelpName = "ID", Description = "this incident instead of the current one: its id or the beginning of that, or its file" };
    public static readonly Option<string> Journal = new("--journal") { HelpName = "DIR", Description = "journals are in this folder, such as /mnt/usb" };
    public static readonly Option<string> Store = new("--store") { HelpName = "URL", Description = "the incident is in a PostgreSQL database too, postgres://USER@HOST/DATABASE, for all machines; remembered ('none': its file alone)" };
    public static readonly Option<string> At = new("--at") { HelpName = "TIME", Description = "when it happened, where that is not now: 04:10, '10m ago', 2026-11-27T04:10:00Z; both times stay visible" };

    /// <summary>A verb that means one incident.</summary>
    public static Command Make(string name, Func<Desk, int> run, params Symbol[] symbols)
    {
        var command = new Command(name);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Add(argument);
            else if (symbol is Option option)
                command.Add(option);
            else
                command.Add((Command)symbol);
        }
        foreach (Option option in new Option[] { Incident, Journal, Store, CommonOptions.Config, CommonOptions.Json, CommonOptions.Quiet, CommonOptions.Color })
            command.Add(option);
        command.Runs((parsed, session) =>
        {
            IncidentSettings.Named = parsed.GetValue(CommonOptions.Config);
            return run(new(parsed, session));
        });
        return command;
    }

    public static Argument<string[]> Words(string name, string description, bool required = true) =>
        new(name) { Arity = required ? ArgumentArity.OneOrMore : ArgumentArity.ZeroOrMore, Description = description };
}
