using System.CommandLine;
using System.Text;
using Jumpbag.Backup.Chunking;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Tiers;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Host.Configuration;
using Jumpbag.Restoring;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup init: writes a configuration where there is none, and makes the repositories that it names. With --repo: that one, without any configuration.</summary>
internal static class InitVerb
{
    private static readonly Option<string> CopyParameters = new("--copy-chunker-params") { HelpName = "URL", Description = "with --repo: cut files as that repository does, so that both have the same blobs and one can heal the other" };
    private static readonly Option<string> FromPasswordFile = new("--from-password-file") { HelpName = "FILE", Description = "holds the password of that repository (without it: that of the new one)" };

    public static Command Make()
    {
        var command = new Command("init") { CommonOptions.Config, RepositoryOptions.Repo, CommonOptions.PasswordFile, CopyParameters, FromPasswordFile, CommonOptions.Json, CommonOptions.Color, CommonOptions.Quiet };
        command.Runs((parsed, session) => parsed.GetValue(RepositoryOptions.Repo) is not null || (parsed.GetValue(CommonOptions.Config) is null && Environment.GetEnvironmentVariable("RESTIC_REPOSITORY") is { Length: > 0 })
            ? MakeOne(parsed, session) : MakeAll(parsed, session));
        return command;
    }

    private static int MakeOne(ParseResult parsed, Session session)
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

    /// <summary>All with the same polynomial, so that each can stand in for the others blob by blob.</summary>
    private static int MakeAll(ParseResult parsed, Session session)
    {
        string? named = parsed.GetValue(CommonOptions.Config) ?? Environment.GetEnvironmentVariable("JUMPBAG_CONFIG");
        string path = named is { Length: > 0 } ? named : ConfigurationFile.Places.FirstOrDefault(File.Exists) ?? ConfigurationFile.Places[ProcessIdentity.EffectiveUser == 0 ? ^1 : 0];
        if (!File.Exists(path))
        {
            Write(path);
            session.Events(new Status(path, "written; say in there what is saved and where it is kept, then run the same again to make the repositories"));
            return session.Status;
        }
        TiersConfig config = TiersConfig.Read(ConfigurationFile.Read(path));
        if (!config.Repositories.Any())
            throw new NotFoundException($"{path}: names no copy", "[copies.NAME] with url and password-file");
        bool failed = false;
        RabinPolynomial? polynomial = null;
        using var copies = new Copies(config, session.Events);
        // Those that are there say how files are cut.
        var absent = new List<BackupCopy>();
        foreach (BackupCopy copy in config.Repositories)
        {
            failed |= !Try(copy, () =>
            {
                using (RepositoryStore store = copies.OpenStore(copy))
                    if (!store.HasRepository())
                    {
                        absent.Add(copy);
                        return;
                    }
                BackupRepository repository = copies.Open(copy);
                if (polynomial is not null && polynomial != repository.Polynomial)
                    session.Events(new Warning($"{copy.Name} cuts files in its own way, so that it shares no blobs with the others: they cannot stand in for each other within a file", "a new repository beside it, made by init, and 'jumpbag backup copy --all'"));
                polynomial ??= repository.Polynomial;
                session.Events(new Status(copy.Name, $"{repository.Place} is a repository already"));
            });
        }
        foreach (BackupCopy copy in absent)
            failed |= !Try(copy, () =>
            {
                RepositoryStore store = copies.OpenStore(copy);
                try
                {
                    using BackupRepository made = BackupRepository.Create(store, RepositoryPassword.Of(copy), polynomial, session.Events);
                    polynomial ??= made.Polynomial;
                    session.Events(new Status(copy.Name, $"{made.Place} is a repository now; without the password nobody can read it: keep it in a second place"));
                }
                catch
                {
                    store.Dispose();
                    throw;
                }
            });
        return failed ? ExitStatus.Failed : session.Status;

        bool Try(BackupCopy copy, Action act)
        {
            try
            {
                act();
                return true;
            }
            catch (JumpbagException e)
            {
                session.Events(new SourceFailed(copy.Name, e.Message, e.Hint));
                return false;
            }
        }
    }

    /// <summary>Never over one that is there.</summary>
    private static void Write(string path)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            using var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            stream.Write(Encoding.UTF8.GetBytes(ConfigTemplate.Text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: cannot be written: {e.Message}", "--config FILE names another place", e);
        }
    }
}
