using System.Runtime.InteropServices;
using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems;

/// <summary>
/// Files in the order in which their contents lie on the disk, a window of them at a time. Only a rotating disk gains by it:
/// others would merely pay for looking the places up.
/// </summary>
internal static class DiskOrder
{
    /// <summary>Files that are put in order at once.</summary>
    public const int Window = 1024;

    public static bool IsWorthIt(IEnumerable<FileTree> trees) => trees
        .SelectMany(tree => tree.Mounts.Select(mount => mount.FileSystem)).Distinct()
        .SelectMany(fileSystem => ExtentSamples.Of(fileSystem.Device))
        .Select(extent => extent.Source).Distinct()
        .Any(source => source is not null && RotatingDisk.Holds(source.Handle));

    /// <summary>Sorts by filesystem and place; what has no place comes first, as it was.</summary>
    public static void Sort<T>(List<T> files, Func<T, TreeNode> node)
    {
        var places = new (long FileSystem, long Place, int Index)[files.Count];
        var fileSystems = new List<FileSystem>();
        for (int i = 0; i < places.Length; i++)
        {
            TreeNode file = node(files[i]);
            int number = fileSystems.IndexOf(file.FileSystem);
            if (number < 0)
            {
                number = fileSystems.Count;
                fileSystems.Add(file.FileSystem);
            }
            places[i] = (number, Place(file), i);
        }
        Array.Sort(places);
        T[] unsorted = [.. files];
        Span<T> sorted = CollectionsMarshal.AsSpan(files);
        for (int i = 0; i < places.Length; i++)
            sorted[i] = unsorted[places[i].Index];
    }

    /// <summary>Where the first extent begins. Of a file whose map is damaged it does not matter; that is told when it is read.</summary>
    private static long Place(in TreeNode file)
    {
        if (file.Node.Type != FileType.Regular)
            return -1;
        try
        {
            foreach (FileExtent extent in file.FileSystem.Extents(file.Node, 0, static _ => { }))
                if (extent.Kind is not (FileExtentKind.Hole or FileExtentKind.Unwritten))
                    return extent.Kind == FileExtentKind.Data ? extent.DeviceOffset : -1;
        }
        catch (JumpbagException)
        {
            return -1;
        }
        return -1;
    }
}
