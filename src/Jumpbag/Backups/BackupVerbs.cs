using System.CommandLine;
using Jumpbag.Backups.Verbs;

namespace Jumpbag.Backups;

/// <summary>All verbs of "jumpbag backup", in the order in which help lists them.</summary>
internal static class BackupVerbs
{
    public static readonly (string Name, string Summary, string Example, Func<Command> Make)[] All =
    [
        ("init", "write a configuration with comments where there is none, and make the repositories that it names; or one repository without any", "jumpbag backup init", InitVerb.Make),
        ("run", "save sources: each is read once, into its nearest copy, and the others are filled from that one", "jumpbag backup run zoneminder", RunVerb.Make),
        ("files", "save files and folders in a repository, without any configuration", "jumpbag backup files --repo /mnt/usb/backups --password-file key --exclude '*.tmp' /etc /srv", FilesVerb.Make),
        ("copy", "bring each copy what others have and it lacks, without touching the source", "jumpbag backup copy --to cloud", CopyVerb.Make),
        ("list", "list the snapshots, and which copies have each", "jumpbag backup list zoneminder", ListVerb.Make),
        ("status", "show of every source and copy how old it is, how large, when verified, and how long bringing it back takes", "jumpbag backup status", StatusVerb.Make),
        ("policy", "check the strategy, and say what is violated and what would mend it; exit status 1 where it does not hold", "jumpbag backup policy --json", PolicyVerb.Make),
        ("verify", "check that copies hold what they say, and with --data that it can be read", "jumpbag backup verify closet --data", VerifyVerb.Make),
        ("drill", "restore a sample from every copy, compare it, and measure how long all of it takes", "jumpbag backup drill zoneminder --sample 500M", DrillVerb.Make),
        ("heal", "replace what is damaged or missing in a copy by what the others have", "jumpbag backup heal closet", HealVerb.Make),
        ("forget", "remove the snapshots that need not be kept", "jumpbag backup forget --dry-run", ForgetVerb.Make),
        ("prune", "remove the data that no snapshot needs any more", "jumpbag backup prune closet", PruneVerb.Make),
        ("card", "print the page for the wall: where each copy is, which key opens it, the commands, the expected times", "jumpbag backup card | lp", CardVerb.Make),
        ("schedule", "print systemd timers", "jumpbag backup schedule --at 02:30", ScheduleVerb.Make),
    ];
}
