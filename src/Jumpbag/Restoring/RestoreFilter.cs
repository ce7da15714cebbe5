using Jumpbag.Backup.Sources;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;

namespace Jumpbag.Restoring;

/// <summary>What of a snapshot is left out: what --exclude names, and with --include all but what it names and the folders that lead there.</summary>
internal static class RestoreFilter
{
    /// <summary>Null where everything comes back.</summary>
    public static Func<ByteString, FileType, bool>? Make(Place source, in TreeNode top, IReadOnlyList<string> includes, IReadOnlyList<string> excludes, CancellationToken cancelled)
    {
        var without = new PathPatterns(excludes);
        var with = new PathPatterns(includes);
        if (with.IsEmpty)
            return without.IsEmpty ? null : (path, _) => without.Matches(path);
        // Which folders hold something that is wanted shows only in a walk through all of them.
        HashSet<ByteString> folders = [];
        var walk = new TreeWalk(source.Tree, top, source.Path, static (_, _) => { }) { LeaveOut = without.IsEmpty ? null : (path, _) => without.Matches(path) };
        while (!cancelled.IsCancellationRequested && walk.Next(out Visit visit))
            if (visit.Kind != VisitKind.Leave && with.Matches(visit.Directory is { } folder && visit.Kind == VisitKind.File ? folder.Path.Join(visit.Name) : visit.Directory?.Path ?? source.Path))
                for (WalkDirectory? at = visit.Directory; at is not null && folders.Add(at.Path); at = at.Parent)
                {
                }
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
}
