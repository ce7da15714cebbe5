using System.CommandLine;

namespace Jumpbag.CommandLine;

/// <summary>The options that commands share. Each command adds the groups that mean something to it.</summary>
public static class CommonOptions
{
    public static readonly Option<string[]> Disk = new("--disk")
    {
        HelpName = "FILE",
        Description = "a further disk or image: of the same volume group, or with an external journal (repeatable)",
        Arity = ArgumentArity.OneOrMore,
    };

    public static readonly Option<string[]> Overlay = new("--overlay")
    {
        HelpName = "FILE",
        Description = "read with the changes that 'jumpbag fsck' put into this file (repeatable, one for each layer)",
        Arity = ArgumentArity.OneOrMore,
    };

    public static readonly Option<bool> NoReplay = new("--no-replay") { Description = "show what the disk holds, without what a dirty journal holds" };

    public static readonly Option<string> PasswordFile = new("--password-file") { HelpName = "FILE", Description = "holds the password of the backup repository that is read" };

    public static readonly Option<string> Config = new("--config") { HelpName = "FILE", Description = "the configuration (JUMPBAG_CONFIG, ~/.config/jumpbag/jumpbag.toml, /etc/jumpbag.toml)" };

    public static readonly Option<bool> Json = new("--json") { Description = "print the result as JSON" };

    public static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "no status lines and no progress; warnings and damage stay" };

    public static readonly Option<string> Progress = new("--progress")
    {
        HelpName = "auto|bar|json|none",
        Description = "how progress is shown on standard error",
        DefaultValueFactory = _ => "auto",
    };

    public static readonly Option<string> Color = new("--color")
    {
        HelpName = "auto|always|never",
        Description = "colour in the output (NO_COLOR is honoured)",
        DefaultValueFactory = _ => "auto",
    };

    public static readonly Option<bool> DryRun = new("--dry-run") { Description = "tell what would be done, and do nothing" };

    public static readonly Option<string> Board = new("--board") { HelpName = "URL", Description = "report to this board's incident (JUMPBAG_BOARD)", Recursive = true };

    public static readonly Option<string> BoardToken = new("--board-token") { HelpName = "FILE", Description = "the token for it, in a file (JUMPBAG_BOARD_TOKEN_FILE); it is kept", Recursive = true };

    static CommonOptions()
    {
        Progress.AcceptOnlyFromAmong("auto", "bar", "json", "none");
        Color.AcceptOnlyFromAmong("auto", "always", "never");
    }
}
