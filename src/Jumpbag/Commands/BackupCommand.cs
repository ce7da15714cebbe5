using System.CommandLine;
using Jumpbag.Backups;

namespace Jumpbag.Commands;

/// <summary>jumpbag backup VERB</summary>
public static class BackupCommand
{
    private static readonly (string Name, string Summary, string Example, Func<Command> Make)[] Verbs =
    [
        ("init", "make a repository, without any configuration", "jumpbag backup init --repo /mnt/usb/backups --password-file key", InitVerb.Make),
        ("files", "save files and folders in a repository, without any configuration", "jumpbag backup files --repo /mnt/usb/backups --password-file key --exclude '*.tmp' /etc /srv", FilesVerb.Make),
    ];

    public static Command Make()
    {
        var command = new Command("backup");
        foreach ((string name, string summary, _, Func<Command> make) in Verbs)
        {
            Command verb = make();
            verb.Description = summary;
            command.Add(verb);
        }
        return command;
    }

    public static string? ExampleOf(string verb) => Verbs.FirstOrDefault(one => one.Name == verb).Example;
}
