using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Jumpbag.Backup.Repository;
using Jumpbag.Backups;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Extraction;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Listing;
using Jumpbag.Restoring;
using Jumpbag.Terminal;

namespace Jumpbag.Commands;

/// <summary>jumpbag restore NAME[@SNAPSHOT][:/PATH] DEST, and without a configuration restore --repo URL SNAPSHOT[:/PATH] DEST</summary>
public static class RestoreCommand
{
    private static readonly Argument<string[]> Places = new("what destination") { Arity = new(0, 2), Description = "SOURCE[@SNAPSHOT][:/PATH], or with --repo SNAPSHOT|latest[:/PATH]; and what it is to become here" };
    private static readonly Option<string> Repo = new("--repo") { HelpName = "URL", Description = "the repository: a folder, or an address such as sftp://HOST/PATH, s3:…, swift:…, rest:… (else RESTIC_REPOSITORY)" };
    private static readonly Option<bool> List = new("--list") { Description = "show the snapshots that are there" };
    private static readonly Option<string> Overwrite = new("--overwrite") { HelpName = "always|if-changed|if-newer|never", Description = "what happens to files that are there (without it a folder that is not empty is refused)" };
    private static readonly Option<string[]> Include = new("--include", "-i") { HelpName = "PATTERN", Description = "only what fits, such as '*.conf' or /etc/nginx/** (repeatable)" };
    private static readonly Option<string[]> Exclude = new("--exclude", "-e") { HelpName = "PATTERN", Description = "all but what fits (repeatable)" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "go on after a break: what is there complete is left" };
    private static readonly Option<int> Jobs = new("--jobs", "-j") { HelpName = "N", Description = "files restored at once (default: one for each core)" };

    static RestoreCommand() => Overwrite.AcceptOnlyFromAmong("always", "if-changed", "if-newer", "never");

    public static Command Make()
    {
        var command = new Command("restore") { Places, Repo, CommonOptions.Config, List, Include, Exclude, Overwrite, Resume, Jobs, CommonOptions.PasswordFile, CommonOptions.DryRun, CommonOptions.Json, CommonOptions.Progress, CommonOptions.Color, CommonOptions.Quiet };
        command.Runs((parsed, session) =>
        {
            using var reading = new Reading(parsed, session);
            return Run(reading);
        });
        return command;
    }

    private static int Run(Reading reading)
    {
        string[] places = reading.Parsed.GetValue(Places) ?? [];
        string? repo = reading.Parsed.GetValue(Repo) ?? (reading.Parsed.GetValue(CommonOptions.Config) is null ? Environment.GetEnvironmentVariable("RESTIC_REPOSITORY") : null);
        if (reading.Has(List))
            return repo is null ? throw new UsageException("--list is for a repository", "--repo URL --list; of the configured copies: jumpbag backup list") : ShowSnapshots(reading.Repositories.Open(repo).Snapshots(), reading);
        if (places.Length != 2)
            throw new UsageException("what is to be restored, and where to?", repo is null ? "such as 'zoneminder:/etc ./etc', or 'latest:/etc ./etc --repo /mnt/usb/backups'" : "such as 'latest:/etc ./etc'; --list shows the snapshots");
        if (repo is not null)
            return Restore(reading.Repositories.Open(repo, places[0]), places[1], reading);
        using var named = new NamedRestore(TierOptions.Read(reading.Parsed), places[0], reading.Session.Events);
        int status = Restore(named.Place, places[1], reading);
        named.Finish();
        return status;
    }

    private static int Restore(Place source, string destination, Reading reading)
    {
        TreeNode found = reading.Lookup(source, followLast: false);
        string? overwrite = reading.Parsed.GetValue(Overwrite);
        bool resumes = reading.Has(Resume);
        ByteString path = CheckDestination(source, found, destination, overwrite is not null || resumes);
        CancellationToken cancelled = reading.Session.CatchSignals();
        var options = new ExtractionOptions
        {
            Recursive = true,
            LeaveOut = RestoreFilter.Make(source, found, reading.Parsed.GetValue(Include) ?? [], reading.Parsed.GetValue(Exclude) ?? [], reading.Session.Events, cancelled),
            Overwrite = overwrite switch
            {
                "always" or "if-changed" => OverwriteMode.Force,
                "if-newer" => OverwriteMode.Update,
                "never" => OverwriteMode.NoClobber,
                _ => OverwriteMode.Refuse,
            },
            // What is there complete, by type, size and time, is what has not changed.
            Resume = resumes || overwrite == "if-changed",
            DryRun = reading.Has(CommonOptions.DryRun),
            Jobs = reading.Parsed.GetValue(Jobs),
        };
        ExtractionResult result = new Extraction(reading.Session.Events, options, cancelled).Run([new(source.Tree, path, source.Prefix + ":")], destination);
        return CopyReport.Show(result, options.DryRun, destination, reading);
    }

    /// <summary>The destination becomes what the path was: into a folder that is there goes the content of one, and nothing else.</summary>
    private static ByteString CheckDestination(Place source, in TreeNode found, string destination, bool mayExist)
    {
        bool isFolder = Directory.Exists(destination);
        if (!isFolder && (mayExist || !File.Exists(destination)))
            return source.Path;
        if (!mayExist && (!isFolder || Directory.EnumerateFileSystemEntries(destination).Any()))
            throw new UnsupportedException($"{destination}: {(isFolder ? "is not empty" : "exists already")}", "name a new place, or say with --overwrite what happens to files that are there");
        return found.Node.Type == FileType.Directory ? source.Path.Join(ByteString.FromText("."))
            : throw new UnsupportedException($"{destination}: is a folder, and {source.Path} is none", $"write {Path.Combine(destination, "NAME")}");
    }

    private static int ShowSnapshots(IReadOnlyList<SnapshotInfo> snapshots, Reading reading)
    {
        if (reading.Json)
        {
            reading.Out.WriteJson(json => WriteJson(snapshots, json));
            return reading.Session.Status;
        }
        var table = new Table(("Snapshot", false), ("Time (UTC)", false), ("Host", false), ("Tags", false), ("Paths", false));
        foreach (SnapshotInfo snapshot in snapshots)
            table.Add(snapshot.Id.Short, snapshot.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), snapshot.Host, string.Join(',', snapshot.Tags), string.Join(' ', snapshot.Paths));
        foreach (string line in table.Lines(Screen.Width()))
            reading.Out.WriteLine(line);
        return reading.Session.Status;
    }

    private static void WriteJson(IReadOnlyList<SnapshotInfo> snapshots, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (SnapshotInfo snapshot in snapshots)
        {
            json.WriteStartObject();
            json.WriteString("id", snapshot.Id.ToString());
            json.WriteString("time", snapshot.Time.ToUniversalTime());
            json.WriteString("tree", snapshot.Tree.ToString());
            json.WriteString("host", snapshot.Host);
            json.WriteString("user", snapshot.User);
            json.WriteStrings("paths", snapshot.Paths);
            json.WriteStrings("tags", snapshot.Tags);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
