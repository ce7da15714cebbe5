using Jumpbag.Storage;

namespace Jumpbag.FileSystems;

/// <summary>
/// What stands behind a device's bytes, asked for in windows that are kept. May be used from several threads at once.
/// </summary>
internal sealed class DeviceMap
{
    /// <summary>To find the end of a run of data may take the kernel long (tmpfs looks at every page), too long to ask for each file.</summary>
    private const long Window = 64 << 20;

    private const int MostWindows = 64, MostExtents = 4096;

    private readonly Dictionary<(FileSystem FileSystem, long Window), Extent[]> maps = [];

    /// <summary>Whether some of a range may be known to be missing, so that it is worth asking what stands behind it.</summary>
    public static bool MayMiss(FileSystem fileSystem, long offset, long length) =>
        !fileSystem.Device.IsWhole || offset > fileSystem.Device.Length - length;

    /// <summary>What stands behind the device's bytes from <paramref name="offset"/> on: at least one, at most <paramref name="length"/>.</summary>
    public Extent Behind(FileSystem fileSystem, long offset, long length)
    {
        Extent[]? map;
        lock (maps)
            if (!maps.TryGetValue((fileSystem, offset / Window), out map))
            {
                if (maps.Count >= MostWindows)
                    maps.Clear();
                long start = offset / Window * Window;
                map = [.. fileSystem.Device.Extents(start, Math.Min(Window, long.MaxValue - start)).Take(MostExtents)];
                maps.Add((fileSystem, offset / Window), map);
            }
        int low = 0, high = map.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (map[middle].Offset + map[middle].Length <= offset)
                low = middle + 1;
            else
                high = middle;
        }
        // What is too scattered for the map is read.
        if (low == map.Length)
            return new(offset, length, ExtentKind.Computed);
        long skipped = offset - map[low].Offset;
        return map[low] with { Offset = offset, Length = Math.Min(length, map[low].Length - skipped), SourceOffset = map[low].SourceOffset + skipped };
    }
}
