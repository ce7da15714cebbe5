using System.CommandLine;
using System.Globalization;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Tiers;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Terminal;

namespace Jumpbag.Backups.Verbs;

/// <summary>jumpbag backup list [SOURCE …]: every snapshot, and which copies have it.</summary>
internal static class ListVerb
{
    private static readonly Argument<string[]> Names = new("source") { Arity = ArgumentArity.ZeroOrMore, Description = "only these sources" };

    public static Command Make() => TierOptions.Make("list", Run, Names);

    private static int Run(BackupDesk desk)
    {
        // The same moment of the same source has another id in each copy, since its key is another; its tree is the same.
        var found = new SortedDictionary<(string Source, DateTimeOffset Time, string Tree), List<(string Copy, SnapshotInfo Snapshot)>>();
        foreach (BackupCopy copy in desk.Config.Repositories)
            desk.Try(copy.Name, () =>
            {
                IReadOnlyList<SnapshotInfo> all = desk.Copies.Open(copy).Snapshots();
                foreach (BackupSource source in desk.Sources(desk.Parsed.GetValue(Names) ?? []))
                    foreach (SnapshotInfo snapshot in SourceSnapshots.Of(source, all))
                    {
                        var key = (source.Name, snapshot.Time.ToUniversalTime(), snapshot.Tree.ToString());
                        if (!found.TryGetValue(key, out List<(string Copy, SnapshotInfo Snapshot)>? copies))
                            found.Add(key, copies = []);
                        copies.Add((copy.Name, snapshot));
                    }
            });
        if (desk.Json)
        {
            desk.Out.WriteJson(json =>
            {
                json.WriteStartArray();
                foreach (((string source, DateTimeOffset time, string tree), List<(string Copy, SnapshotInfo Snapshot)> copies) in found)
                {
                    json.WriteStartObject();
                    json.WriteString("source", source);
                    json.WriteString("time", time);
                    json.WriteString("tree", tree);
                    json.WriteStartObject("snapshots");
                    foreach ((string copy, SnapshotInfo snapshot) in copies)
                        json.WriteString(copy, snapshot.Id.ToString());
                    json.WriteEndObject();
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
            return desk.Session.Status;
        }
        var table = new Table(("Source", false), ("Time (UTC)", false), ("Snapshots", false));
        foreach (((string source, DateTimeOffset time, _), List<(string Copy, SnapshotInfo Snapshot)> copies) in found)
            table.Add(source, time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), string.Join("  ", copies.Select(copy => $"{copy.Copy} {copy.Snapshot.Id.Short}")));
        desk.WriteTable(table);
        return desk.Session.Status;
    }
}
