using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Incidents;

/// <summary>Where journals are, and which of them is the one that commands mean: the target of the link "current".</summary>
internal static class IncidentPlaces
{
    private const string Extension = ".ndjson";

    public static string Folder { get; } = Path.Combine(StateFolder.Path, "incidents");

    /// <summary>Exercises are kept apart.</summary>
    public static string Drills { get; } = Path.Combine(StateFolder.Path, "drills");

    /// <summary>The path of the open journal; null where none is open. One system call for each place: every command asks.</summary>
    public static string? Current()
    {
        if (SymbolicLink.Target(Path.Combine(Folder, "current")) is { } path)
            return path;
        foreach (string fallback in StateFolder.Fallbacks)
            if (SymbolicLink.Target(Path.Combine(fallback, "current")) is { } other && Incident.Journal.Folder.IsPrivate(fallback))
                return other;
        return null;
    }

    public static FileJournal Journal(string path) => IncidentStores.Journal(path);

    public static string IdOf(string path) => Path.GetFileNameWithoutExtension(path);

    /// <summary>The journal that a person names: by its file, its id, or the beginning of that.</summary>
    /// <exception cref="NotFoundException">There is none.</exception>
    public static string Find(string name, string? folder)
    {
        if (name.Contains('/', StringComparison.Ordinal) || name.EndsWith(Extension, StringComparison.Ordinal))
            return Path.GetFullPath(name);
        string[] all = [.. All(folder)];
        string[] found = [.. all.Where(path => IdOf(path) == name)];
        if (found.Length == 0)
            found = [.. all.Where(path => IdOf(path).StartsWith(name, StringComparison.Ordinal))];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new NotFoundException($"{Printable.Line(name)}: no such incident", "'jumpbag incident list' shows them"),
            _ => throw new UsageException($"{name}: several incidents begin so", $"say which: {string.Join(", ", found.Take(10).Select(IdOf))}"),
        };
    }

    /// <summary>The paths of all journals, the newest last; those that exist only in a fallback by the path that they will have.</summary>
    public static IEnumerable<string> All(string? folder)
    {
        IEnumerable<string> own = folder is not null ? Files(folder) : Files(Folder).Concat(Files(Drills));
        string home = folder ?? Folder;
        IEnumerable<string> waiting = StateFolder.Fallbacks.Where(Incident.Journal.Folder.IsPrivate).SelectMany(Files)
            .Select(path => Path.Combine(IdOf(path).StartsWith("drill-", StringComparison.Ordinal) && folder is null ? Drills : home, Path.GetFileName(path)));
        IEnumerable<string> elsewhere = folder is null && Current() is { } current ? [current] : [];
        return own.Concat(waiting).Concat(elsewhere).Distinct().OrderBy(path => IdOf(path), StringComparer.Ordinal);
    }

    /// <summary>Makes a journal the one that commands mean; null: none. Where the state folder can't be written, in a fallback.</summary>
    public static void SetCurrent(string? path, EventSink events)
    {
        string? refused = null;
        foreach (string folder in StateFolder.Fallbacks.Prepend(Folder))
        {
            string link = Path.Combine(folder, "current");
            try
            {
                if (path is not null)
                    Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                if (!Directory.Exists(folder) || (folder != Folder && !Incident.Journal.Folder.IsPrivate(folder)))
                    continue;
                File.Delete(link);
                if (path is null)
                    continue;
                File.CreateSymbolicLink(link, path);
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                refused ??= e.Message;
            }
        }
        if (path is not null || refused is not null)
            events(new Warning($"the current incident could not be marked: {refused}", "name it each time with --incident ID"));
    }

    /// <summary>Takes away what <see cref="SetCurrent"/> made, where it means this journal.</summary>
    public static void ClearCurrent(string path, EventSink events)
    {
        if (Current() == path)
            SetCurrent(null, events);
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*" + Extension).Where(path => Slug.IsOne(IdOf(path))) : [];
}
