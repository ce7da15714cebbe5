using System.CommandLine;
using Jumpbag.Core;

namespace Jumpbag.Backups;

/// <summary>The options that the verbs of backup without a configuration share.</summary>
internal static class RepositoryOptions
{
    public static readonly Option<string> Repo = new("--repo") { HelpName = "URL", Description = "the repository: a folder, or file:// with one (else RESTIC_REPOSITORY)" };

    public static string RepoOf(ParseResult parsed) => parsed.GetValue(Repo) ?? Environment.GetEnvironmentVariable("RESTIC_REPOSITORY") ?? throw new UsageException("--repo is missing: where is the repository?", "such as --repo /mnt/usb/backups");
}
