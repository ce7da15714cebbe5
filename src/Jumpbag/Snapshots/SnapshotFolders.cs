using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Host.Lvm;

namespace Jumpbag.Snapshots;

/// <summary>
/// Where snapshots are mounted unless the person says where: a folder each below one that only root can enter, since a guest's
/// users have the numbers of this machine's.
/// </summary>
public static class SnapshotFolders
{
    public const string Top = "/run/jumpbag";

    /// <summary>Named as device-mapper names the volume, so that no two are the same.</summary>
    public static string Of(string group, string name) => Path.Combine(Top, LiveVolume.MapperNameOf(group, name));

    public static void MakeTop() => Directory.CreateDirectory(Top, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Those that are there, without what belongs to others.</summary>
    public static IEnumerable<string> Existing() =>
        Directory.Exists(Top) ? Directory.EnumerateDirectories(Top).Where(folder => Path.GetFileName(folder).Contains("-jumpbag_", StringComparison.Ordinal)) : [];

    /// <summary>Removes an empty folder; one that still hides a mount stays.</summary>
    public static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder);
        }
        catch (IOException e)
        {
            throw new FailedException($"{folder} could not be removed: {e.Message}", null, e);
        }
    }
}
