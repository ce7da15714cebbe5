using System.CommandLine;
using Jumpbag.CommandLine;
using Jumpbag.Incidents;

namespace Jumpbag.Commands;

/// <summary>jumpbag incident [VERB]: alone, where the incident is, on one screen.</summary>
public static class IncidentCommand
{
    public static Command Make()
    {
        Command command = IncidentOptions.Make("incident", desk => IncidentScreen.Show(desk));
        foreach ((string name, string summary, _, Func<Command> make) in IncidentVerbs.All)
        {
            Command verb = make();
            verb.Description = summary;
            command.Add(verb);
        }
        return command;
    }

    public static string? ExampleOf(string verb) => IncidentVerbs.All.FirstOrDefault(one => one.Name == verb).Example;
}
