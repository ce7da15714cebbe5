using System.CommandLine;
using System.CommandLine.Help;
using Jumpbag.Commands;

namespace Jumpbag.CommandLine;

/// <summary>All commands, in the order in which help lists them. A new one is a file in Commands/ and a line here.</summary>
public static class CommandTable
{
    public static readonly (string Name, string Summary, Func<Command> Make)[] All =
    [
        ("inspect", "show what is on a disk or image: partitions, volumes, filesystems", InspectCommand.Make),
        ("ls", "list files", LsCommand.Make),
        ("stat", "show all that is known of a file", StatCommand.Make),
        ("cat", "write the content of files to standard output", CatCommand.Make),
        ("cp", "copy files out, with everything they have", CpCommand.Make),
        ("tar", "write a tree of files as a tar archive to standard output", TarCommand.Make),
        ("find", "find files by name, type, size or time", FindCommand.Make),
        ("df", "show how full the filesystems are", DfCommand.Make),
        ("mount", "mount a disk or image, read-only, at a folder: no root needed", MountCommand.Make),
        ("umount", "unmount what mount has mounted", UmountCommand.Make),
        ("fsck", "check a filesystem and repair it in an overlay file; the disk itself is not touched", FsckCommand.Make),
        ("snapshot", "take a snapshot of a live LVM volume, mount it, run a command on it, and clean up", SnapshotCommand.Make),
        ("backup", "keep copies in tiers, in restic's format, and check that the strategy holds", BackupCommand.Make),
        ("restore", "bring files back from a backup repository (restic's format)", RestoreCommand.Make),
        ("load", "load a database dump into a server, knowing when it ends; list one, or take a table out of it", LoadCommand.Make),
        ("pipe", "copy files or standard input to standard output and show how far it is, as pv does", PipeCommand.Make),
        ("incident", "run an incident: journal, triage, facts and assumptions, plan and vet, review", IncidentCommand.Make),
        ("board", "show the incident in a browser, live; let other hosts report to it", BoardCommand.Make),
        ("facts", "show what is abnormal on this machine, on others, or on a dead one's disk, and what changed in the last day", FactsCommand.Make),
        ("demo", "walk through the main job on a small disk made for it", DemoCommand.Make),
        ("completion", "print a completion script for a shell", CompletionCommand.Make),
        ("version", "print the version", VersionCommand.Make),
    ];

    /// <param name="wanted">The command that will run; the others get only their name and summary. "" for all.</param>
    public static RootCommand Root(string wanted)
    {
        var root = new RootCommand("Brings files back from disks, images and volumes: no root, no mount, the source never written.");
        root.Add(CommonOptions.Board);
        root.Add(CommonOptions.BoardToken);
        if (All.All(command => command.Name != wanted))
            wanted = "";
        foreach ((string name, string summary, Func<Command> make) in All)
        {
            if (wanted.Length > 0 && name != wanted)
                continue;
            Command command = wanted.Length > 0 ? make() : new Command(name, summary);
            command.Description = command.Description is { Length: > 0 } text ? text : summary;
            root.Add(command);
        }
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
            help.Action = new HelpWithExample((HelpAction)help.Action!);
        return root;
    }
}
