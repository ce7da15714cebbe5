using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>Passwords that a person gives besides the clients' own files: a file of one line, or the terminal.</summary>
internal static class PasswordSources
{
    public static string InUrl(string better) =>
        $"the password in the address can be read by everyone on this machine who lists processes; keep it in {better}, or use --password-file";

    /// <summary>From --password-file or from the person who is asked; null where neither is wanted.</summary>
    public static Secret? Named(AddressSources sources, string what) =>
        sources.PasswordFile is { } file ? FromFile(file) : sources.AskPassword ? Ask(sources, what) : null;

    public static Secret Ask(AddressSources sources, string what) =>
        new(sources.Prompt($"Password for {what}: ") ?? throw new FailedException("there is no terminal to ask for the password on",
            "give it in an option file, or in a file with --password-file"));

    private static Secret FromFile(string path) =>
        new((SmallFile.Read(path, out _) ?? throw new NotFoundException($"{path}: no such file with a password")).Split('\n')[0].TrimEnd('\r'));
}
