using System.Text;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Backup.Tiers;

/// <summary>Sizes of snapshots by their trees, in the state folder: to walk through one again costs time and, of a far copy, money.</summary>
public sealed class SizeCache
{
    private const int Most = 1000;

    private readonly string path;
    private readonly Dictionary<string, SnapshotSize> known = [];
    private readonly Lock gate = new();
    private bool isChanged;

    public SizeCache(string stateFolder)
    {
        path = Path.Combine(stateFolder, "backups", "sizes");
        try
        {
            foreach (string line in File.ReadLines(path))
                if (line.Split(' ') is [{ Length: 64 } tree, var files, var bytes, var stored] && long.TryParse(files, out long f) && long.TryParse(bytes, out long b) && long.TryParse(stored, out long s))
                    known[tree] = new(f, b, s);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then they are measured again.
            known.Clear();
        }
    }

    public SnapshotSize? Find(StorageId tree)
    {
        lock (gate)
            return known.GetValueOrDefault(tree.ToString());
    }

    public void Add(StorageId tree, SnapshotSize size)
    {
        lock (gate)
        {
            known[tree.ToString()] = size;
            isChanged = true;
        }
    }

    /// <summary>What cannot be kept is measured again the next time.</summary>
    public void Save()
    {
        lock (gate)
        {
            if (!isChanged)
                return;
            try
            {
                WholeFile.Write(path, Encoding.ASCII.GetBytes(string.Concat(known.TakeLast(Most).Select(one => FormattableString.Invariant($"{one.Key} {one.Value.Files} {one.Value.Bytes} {one.Value.Stored}\n")))));
                isChanged = false;
            }
            catch (FailedException)
            {
                return;
            }
        }
    }
}
