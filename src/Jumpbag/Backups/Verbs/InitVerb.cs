using System.CommandLine;
using Jumpbag.Backup.Chunking;
using Jumpbag.Backup.Repository;
using Jumpbag.CommandLine;
using Jumpbag.Core.Events;
using Jumpbag.Restoring;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup init --repo URL</summary>
internal static class InitVerb
{
    private static readonly Option<string> CopyParameters = new("--copy-chunker-params") { HelpName = "URL", Description = "cut files as that repository does, so that both have the same blobs and one can heal the other" };
    private static readonly Option<string> FromPasswordFile = new("--from-password-file") { HelpName = "FILE", Description = "holds the password of that repository (without it: that of the new one)" };

    public static Command Make()
    {
        var command = new Command("init") { RepositoryOptions.Repo, CommonOptions.PasswordFile, CopyParameters, FromPasswordFile, CommonOptions.Json, CommonOptions.Color, CommonOptions.Quiet };
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        string? file = parsed.GetValue(CommonOptions.PasswordFile);
        using var others = new Repositories(parsed.GetValue(FromPasswordFile) ?? file, session.Events);
        RabinPolynomial? polynomial = parsed.GetValue(CopyParameters) is { } from ? others.Open(from).Polynomial : null;
        using var repositories = new Repositories(file, session.Events);
        BackupRepository repository = repositories.Create(RepositoryOptions.RepoOf(parsed), polynomial);
        if (parsed.GetValue(CommonOptions.Json))
            session.Out.WriteJson(json =>
            {
                json.WriteStartObject();
                json.WriteString("repository", repository.Place);
                json.WriteNumber("version", repository.Version);
                json.WriteString("chunkerPolynomial", repository.Polynomial.ToString());
                json.WriteEndObject();
            });
        else
            session.Events(new Status(repository.Place, "is a repository now; without the password nobody can read it: keep it in a second place"));
        return session.Status;
    }
}
