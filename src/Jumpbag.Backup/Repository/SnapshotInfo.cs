using System.Text.Json;
using Jumpbag.Core;

namespace Jumpbag.Backup.Repository;

/// <summary>A file of the folder "snapshots": what was backed up, when, and the tree that holds it.</summary>
/// <param name="Time">When it was begun, UTC.</param>
/// <param name="Original">The snapshot of another repository that it is a copy of; null where it is none.</param>
/// <param name="Paths">As they were given to the program that made it.</param>
public sealed record SnapshotInfo(StorageId Id, DateTimeOffset Time, StorageId Tree, string Host, string User, IReadOnlyList<string> Paths, IReadOnlyList<string> Tags, StorageId? Original = null)
{
    /// <exception cref="CorruptException">It cannot be made out.</exception>
    public static SnapshotInfo Parse(StorageId id, ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return StorageId.TryParse(root.GetProperty("tree").GetString() ?? "", out StorageId tree)
                ? new(id, root.GetProperty("time").GetDateTimeOffset(), tree, Text(root, "hostname"), Text(root, "username"), Texts(root, "paths"), Texts(root, "tags"), StorageId.TryParse(Text(root, "original"), out StorageId original) ? original : null)
                : throw new FormatException("its tree is no SHA-256 hash");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CorruptException($"it cannot be made out: {e.Message}");
        }
    }

    /// <summary>The one that a person means by "latest" or the first digits of its name.</summary>
    /// <exception cref="NotFoundException">There is none; the hint lists the last ones.</exception>
    public static SnapshotInfo Find(IReadOnlyList<SnapshotInfo> snapshots, string wanted, string place)
    {
        if (snapshots.Count == 0)
            throw new NotFoundException($"{place}: there are no snapshots in it");
        if (wanted == "latest")
            return snapshots[^1];
        SnapshotInfo[] found = [.. snapshots.Where(snapshot => wanted.Length > 0 && snapshot.Id.ToString().StartsWith(wanted, StringComparison.OrdinalIgnoreCase))];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new NotFoundException($"{place}: no snapshot {wanted}", $"the last ones are {string.Join("; ", snapshots.TakeLast(3).Reverse())}"),
            _ => throw new UsageException($"{place}: {found.Length} snapshots begin with {wanted}", $"write more of its digits: {string.Join(", ", found.Take(5).Select(snapshot => snapshot.Id.ToString()[..12]))}"),
        };
    }

    public override string ToString() => $"{Id.Short} ({Time.UtcDateTime:yyyy-MM-dd HH:mm} UTC, {Host}, {string.Join(" ", Paths)})";

    private static string Text(JsonElement root, string name) => root.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    private static string[] Texts(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(item => item.GetString() ?? "")] : [];
}
