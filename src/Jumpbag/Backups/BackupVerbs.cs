using System.CommandLine;
using Jumpbag.Backups.Verbs;

namespace Jumpbag.Backups;

/// <summary>All verbs of "jumpbag backup", in the order in which help lists them.</summary>
internal static class BackupVerbs
{
    public static readonly (string Name, string Summary, string Example, Func<Command> Make)[] All =
    [
        ("init", "make a repository, without any configuration", "jumpbag backup init --repo /mnt/usb/backups --password-file key", InitVerb.Make),
        ("files", "save files and folders in a repository, without any configuration", "jumpbag backup files --repo /mnt/usb/backups --password-file key --exclude '*.tmp' /etc /srv", FilesVerb.Make),
        ("list", "list the snapshots, and which copies have each", "jumpbag backup list zoneminder", ListVerb.Make),
        ("status", "show of every source and copy how old it is, how large, when verified, and how long bringing it back takes", "jumpbag backup status", StatusVerb.Make),
        ("policy", "check the strategy, and say what is violated and what would mend it; exit status 1 where it does not hold", "jumpbag backup policy --json", PolicyVerb.Make),
    ];
}
