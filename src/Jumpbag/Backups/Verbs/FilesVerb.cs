using System.CommandLine;
using System.Text.Json;
using Jumpbag.Backup.Archiving;
using Jumpbag.Backup.Repository;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Restoring;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup files --repo URL PATH…</summary>
internal static class FilesVerb
{
    private static readonly Argument<string[]> Paths = new("path") { Arity = ArgumentArity.ZeroOrMore, Description = "files and folders; of '.' what is in it" };
    private static readonly Option<string[]> Exclude = new("--exclude", "-e") { HelpName = "PATTERN", Description = "leave out what fits, such as '*.tmp' or /srv/cache/** (repeatable)" };
    private static readonly Option<bool> OneFileSystem = new("--one-file-system", "-x") { Description = "leave out what is mounted in a folder" };
    private static readonly Option<string[]> Tag = new("--tag") { HelpName = "TAG", Description = "mark the snapshot (repeatable)" };
    private static readonly Option<string> Host = new("--host") { HelpName = "NAME", Description = "of the snapshot, in place of this machine's name" };
    private static readonly Option<bool> Force = new("--force", "-f") { Description = "read files that look unchanged too" };

    public static Command Make()
    {
        var command = new Command("files") { Paths, RepositoryOptions.Repo, CommonOptions.PasswordFile, Exclude, OneFileSystem, Tag, Host, Force, CommonOptions.Json, CommonOptions.Progress, CommonOptions.Color, CommonOptions.Quiet };
        command.Runs(Run);
        return command;
    }

    private static int Run(ParseResult parsed, Session session)
    {
        string[] paths = parsed.GetValue(Paths) ?? [];
        if (paths.Length == 0)
            throw new UsageException("what is to be saved?", "name files or folders: jumpbag backup files --repo /mnt/usb/backups /etc");
        string repo = RepositoryOptions.RepoOf(parsed);
        var options = new BackupOptions
        {
            Host = parsed.GetValue(Host),
            Tags = [.. (parsed.GetValue(Tag) ?? []).SelectMany(tag => tag.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
            Excludes = parsed.GetValue(Exclude) ?? [],
            OneFileSystem = parsed.GetValue(OneFileSystem),
            ReadAll = parsed.GetValue(Force),
        };
        using var repositories = new Repositories(parsed.GetValue(CommonOptions.PasswordFile), session.Events);
        BackupRepository repository = repositories.Open(repo);
        BackupResult result;
        try
        {
            result = Archiver.Run(repository, new FilesSource([.. paths.Select(ByteString.FromArgument)]), options, session.Events, session.CatchSignals());
        }
        catch (OperationCanceledException)
        {
            session.Events(new Warning("interrupted: no snapshot was made; what was saved so far need not be saved again", "run the same to go on"));
            return ExitStatus.Interrupted;
        }
        session.Events(new BytesMoved(result.NewBytes));
        if (parsed.GetValue(CommonOptions.Json))
            session.Out.WriteJson(json => WriteJson(result, json));
        else
            session.Events(new Status(repository.Place, BackupText.Summary(result)));
        return result.NotSaved > 0 ? ExitStatus.Partial : session.Status;
    }

    private static void WriteJson(BackupResult result, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("snapshot", result.Snapshot.Id.ToString());
        json.WriteString("tree", result.Snapshot.Tree.ToString());
        json.WriteString("parent", result.Parent?.Id.ToString());
        foreach ((string name, long value) in new[] { ("files", result.Files), ("unchanged", result.Unchanged), ("folders", result.Folders), ("others", result.Others), ("bytes", result.Bytes),
            ("newBlobs", result.NewBlobs), ("newBytes", result.NewBytes), ("storedBytes", result.StoredBytes), ("notSaved", result.NotSaved) })
            json.WriteNumber(name, value);
        json.WriteNumber("elapsedSeconds", Math.Round(result.Elapsed.TotalSeconds, 3));
        json.WriteEndObject();
    }
}
