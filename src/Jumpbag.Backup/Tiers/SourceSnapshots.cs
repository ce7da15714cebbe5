using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Sources;

namespace Jumpbag.Backup.Tiers;

/// <summary>Which snapshots of a repository are of a source.</summary>
public static class SourceSnapshots
{
    /// <summary>
    /// Those with its tag; of a source that is a list of paths also those that this host made of just these paths, whoever made them. Which these are is
    /// told by what the repository says, so that a machine that was set up anew finds them.
    /// </summary>
    /// <param name="all">The oldest first; so is the result.</param>
    public static IReadOnlyList<SnapshotInfo> Of(BackupSource source, IEnumerable<SnapshotInfo> all) =>
        [.. all.Where(snapshot => snapshot.Tags.Contains(source.Tag)
            || (source.Kind == SourceKind.Paths && snapshot.Host == ThisMachine.HostName && !snapshot.Tags.Any(tag => tag.StartsWith("source=", StringComparison.Ordinal)) && snapshot.Paths.Order(StringComparer.Ordinal).SequenceEqual(source.Content.Order(StringComparer.Ordinal))))];
}
