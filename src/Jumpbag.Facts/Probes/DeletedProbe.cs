using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.Host;

namespace Jumpbag.Facts.Probes;

/// <summary>Files that were deleted and take space still, since a process has them open: the space that du cannot find.</summary>
internal static class DeletedProbe
{
    private const long Worth = 100L << 20, Much = 1L << 30;
    private const int MostShown = 6, MostProcesses = 100_000;

    private const string Mark = " (deleted)";

    /// <summary>Memory that has a name only.</summary>
    private static readonly string[] NoFiles = ["/memfd:", "/dev/zero", "/SYSV", "/[aio]", "/i915", "/drm ", "/anon_hugepage"];

    private sealed record Open(int Process, string Command, string Path, string Link, long Bytes);

    public static void Run(ProbeContext context)
    {
        string[] remote = [.. FileSystemsProbe.MountsThatMayHang(context.Files.Read("/proc/self/mountinfo", 4 << 20) ?? [])];
        var found = new Dictionary<(ulong Device, ulong Inode), Open>();
        int denied = 0, remoteFiles = 0;
        foreach (string process in Processes().Take(MostProcesses))
        {
            string[] descriptors;
            try
            {
                descriptors = Directory.GetFiles($"{process}/fd");
            }
            catch (UnauthorizedAccessException)
            {
                denied++;
                continue;
            }
            catch (IOException)
            {
                continue; // It ended meanwhile.
            }
            foreach (string link in descriptors)
            {
                if (SymbolicLink.Target(link) is not { } target || !target.EndsWith(Mark, StringComparison.Ordinal) || NoFiles.Any(name => target.StartsWith(name, StringComparison.Ordinal)))
                    continue;
                string path = target[..^Mark.Length];
                // What lies on a server would have to be asked for, and that may take for ever.
                if (remote.Any(mount => path.StartsWith(mount + "/", StringComparison.Ordinal)))
                {
                    remoteFiles++;
                    continue;
                }
                context.At(path);
                if (FileStatus.OfTarget(ByteString.FromArgument(link), out FileStatus status) == Errno.None && status is { IsRegular: true, Links: 0 })
                    found.TryAdd((status.Device, status.Inode), new(int.Parse(Path.GetFileName(process), System.Globalization.CultureInfo.InvariantCulture), context.Files.Line($"{process}/comm") ?? "?", path, link, status.Allocated));
            }
        }
        Report(context, [.. found.Values.OrderByDescending(open => open.Bytes)]);
        if (remoteFiles > 0)
            context.Info("remote", "deleted files", $"{remoteFiles} on network filesystems were not asked for their size", "/proc/*/fd");
        if (denied > 0)
            context.Denied($"{denied} processes of other users could not be looked into; root sees all");
    }

    private static void Report(ProbeContext context, Open[] found)
    {
        long total = found.Sum(open => open.Bytes);
        context.Info("total", "deleted files", $"{found.Length} files that are deleted and still open hold {ByteSize.Format(total)}", "/proc/*/fd", moves: true);
        foreach (Open open in found.Where(open => open.Bytes >= Worth).Take(MostShown))
            context.Add(open.Bytes >= Much ? FactLevel.Warning : FactLevel.Info, "deleted", FilesExtensions.Shown(open.Path),
                $"deleted, but {FilesExtensions.Shown(open.Command)} ({open.Process}) keeps {ByteSize.Format(open.Bytes)} of it", open.Link, $"restart the process, or empty the file: : >{open.Link}");
    }

    private static IEnumerable<string> Processes() => Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]));
}
