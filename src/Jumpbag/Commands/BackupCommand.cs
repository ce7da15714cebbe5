using System.CommandLine;
using Jumpbag.Backups;

namespace Jumpbag.Commands;

/// <summary>jumpbag backup VERB</summary>
public static class BackupCommand
{
    public static Command Make()
    {
        var command = new Command("backup");
        foreach ((string name, string summary, _, Func<Command> make) in BackupVerbs.All)
        {
            Command verb = make();
            verb.Description = summary;
            command.Add(verb);
        }
        return command;
    }

    public static string? ExampleOf(string verb) => BackupVerbs.All.FirstOrDefault(one => one.Name == verb).Example;
}
