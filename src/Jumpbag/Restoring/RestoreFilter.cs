using Jumpbag.Backup.Sources;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Restoring;

/// <summary>What of a snapshot is left out: what --exclude names, and with --include all but what it names and the folders that lead there.</summary>
internal static class RestoreFilter
{
    /// <summary>Null where everything comes back. Of several --include those that fit nothing are warned of.</summary>
    /// <exception cref="NotFoundException">No --include fits anything.</exception>
    public static Func<ByteString, FileType, bool>? Make(Place source, in TreeNode top, IReadOnlyList<string> includes, IReadOnlyList<string> excludes, EventSink events, CancellationToken cancelled)
    {
        var without = new PathPatterns(excludes);
        var with = new PathPatterns(includes);
        if (with.IsEmpty)
            return without.IsEmpty ? null : (path, _) => without.Matches(path);
        // Which folders hold something that is wanted shows only in a walk through all of them.
        HashSet<ByteString> folders = [];
        List<(string Text, PathPatterns Pattern)> unmatched = [.. includes.Where(text => !text.TrimStart().StartsWith('!')).Select(text => (text, new PathPatterns([text])))];
        int wanted = unmatched.Count;
        var walk = new TreeWalk(source.Tree, top, source.Path, static (_, _) => { }) { LeaveOut = without.IsEmpty ? null : (path, _) => without.Matches(path) };
        while (!cancelled.IsCancellationRequested && walk.Next(out Visit visit))
        {
            if (visit.Kind == VisitKind.Leave)
                continue;
            ByteString path = visit.Directory is { } folder && visit.Kind == VisitKind.File ? folder.Path.Join(visit.Name) : visit.Directory?.Path ?? source.Path;
            unmatched.RemoveAll(one => one.Pattern.Matches(path));
            if (with.Matches(path))
                for (WalkDirectory? at = visit.Directory; at is not null && folders.Add(at.Path); at = at.Parent)
                {
                }
        }
        if (!cancelled.IsCancellationRequested)
            Tell(unmatched.ConvertAll(one => one.Text), all: unmatched.Count == wanted, source, events);
        return (path, type) => without.Matches(path) || !(with.Matches(path) || IsBelowMatch(path) || (type == FileType.Directory && folders.Contains(path)));

        // What is in a folder that is wanted is wanted too.
        bool IsBelowMatch(ByteString path)
        {
            for (int slash = path.Span.LastIndexOf((byte)'/'); slash > 0; slash = path.Span[..slash].LastIndexOf((byte)'/'))
                if (with.Matches(new(path.Span[..slash])))
                    return true;
            return false;
        }
    }

    private static void Tell(List<string> unmatched, bool all, Place source, EventSink events)
    {
        const string Hint = "a pattern is compared with the whole path in the snapshot, or with parts of it; 'jumpbag find' shows what is there";
        foreach (string pattern in unmatched)
        {
            string message = $"--include {Printable.Line(pattern)}: nothing in {source.Prefix}:{source.Path} fits";
            if (all)
                throw new NotFoundException(message, Hint);
            events(new Warning(message, Hint));
        }
    }
}
