namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>
/// Where an address takes what its URL leaves open: the places that the databases' own clients look in. Tests give others.
/// </summary>
public sealed class AddressSources
{
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    public string Home { get; init; } = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);

    public string UserName { get; init; } = System.Environment.UserName;

    /// <summary>--defaults-file: this option file and no other.</summary>
    public string? DefaultsFile { get; init; }

    /// <summary>--defaults-extra-file: this option file too, after those of the machine and before the user's.</summary>
    public string? DefaultsExtraFile { get; init; }

    /// <summary>--no-defaults: no option file.</summary>
    public bool NoDefaults { get; init; }

    /// <summary>--password-file: its first line is the password, before all other places but the URL.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>Whether to ask for the password on the terminal; it is also asked for where an option file says "password" alone.</summary>
    public bool AskPassword { get; init; }

    /// <summary>Asks a person, given the prompt; null where there is no terminal.</summary>
    public Func<string, string?> Prompt { get; init; } = _ => null;

    /// <summary>Stands before /etc and /run.</summary>
    public string Root { get; init; } = "";

    internal string? Variable(string name) => Environment(name) is { Length: > 0 } value ? value : null;
}
