using System.Buffers;
using System.Text;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Backup.Sources;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;

namespace Jumpbag.Backup.Archiving;

/// <summary>The file that makes a tree a snapshot.</summary>
/// <remarks>https://restic.readthedocs.io/en/stable/design.html, "Snapshots"</remarks>
internal static class SnapshotFile
{
    /// <summary>The last one of the same host and paths.</summary>
    public static SnapshotInfo? Before(IReadOnlyList<SnapshotInfo> snapshots, string host, IReadOnlyList<string> paths) =>
        snapshots.LastOrDefault(snapshot => snapshot.Host == host && snapshot.Paths.ToHashSet().SetEquals(paths));

    /// <summary>A path as JSON can have it.</summary>
    public static string Text(ByteString path) => Encoding.UTF8.GetString(path.Span);

    public static SnapshotInfo Save(BackupRepository repository, StorageId tree, SnapshotInfo? parent, DateTimeOffset time, string host, IReadOnlyList<string> paths, BackupOptions options)
    {
        var json = new ArrayBufferWriter<byte>();
        json.Write("{\"time\":\""u8);
        Rfc3339.Write(new(time.ToUnixTimeSeconds(), (int)(time.Ticks % TimeSpan.TicksPerSecond) * 100), TimeZoneInfo.Local, json);
        json.Write("\""u8);
        if (parent is not null)
            Field("parent", parent.Id.ToString());
        Field("tree", tree.ToString());
        Fields("paths", paths);
        Field("hostname", host);
        Field("username", ThisMachine.UserName);
        Number("uid", ThisMachine.UserId);
        Number("gid", ThisMachine.GroupId);
        Fields("excludes", options.Excludes);
        Fields("tags", options.Tags);
        json.Write("}"u8);
        StorageId id = repository.SaveFile(FileKind.Snapshot, json.WrittenSpan);
        return SnapshotInfo.Parse(id, json.WrittenMemory);

        void Field(string name, string value)
        {
            if (value.Length == 0)
                return;
            json.Write(Encoding.ASCII.GetBytes($",\"{name}\":\""));
            GoText.WriteText(Encoding.UTF8.GetBytes(value), json);
            json.Write("\""u8);
        }

        void Fields(string name, IReadOnlyList<string> values)
        {
            if (values.Count == 0)
                return;
            json.Write(Encoding.ASCII.GetBytes($",\"{name}\":["));
            for (int i = 0; i < values.Count; i++)
            {
                json.Write(i == 0 ? "\""u8 : ",\""u8);
                GoText.WriteText(Encoding.UTF8.GetBytes(values[i]), json);
                json.Write("\""u8);
            }
            json.Write("]"u8);
        }

        void Number(string name, uint value)
        {
            if (value > 0)
                json.Write(Encoding.ASCII.GetBytes(FormattableString.Invariant($",\"{name}\":{value}")));
        }
    }
}
