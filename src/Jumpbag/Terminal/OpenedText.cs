using Jumpbag.Core.Events;

namespace Jumpbag.Terminal;

/// <summary>How filesystems were opened, for people: one line for all that are clean, and one for each that is not.</summary>
public static class OpenedText
{
    private const string Clean = "clean";

    public static IEnumerable<string> Lines(FileSystemsOpened opened)
    {
        List<OpenedFileSystem> clean = [.. opened.FileSystems.Where(one => one.Opened == Clean)];
        if (clean.Count > 1)
            yield return $"{opened.Source}: {Clean}: " + string.Join(", ", clean.Select(one => WithinSource(one, opened.Source) + At(one)));
        foreach (OpenedFileSystem one in opened.FileSystems)
            if (clean.Count == 1 || one.Opened != Clean)
                yield return $"{one.Locator}{At(one)}: {one.Opened}";
    }

    private static string At(OpenedFileSystem one) => one.MountPoint is { } path ? $" at {path}" : "";

    /// <summary>"@2" of "disk.img@2"; of another disk the whole.</summary>
    private static string WithinSource(OpenedFileSystem one, string source) =>
        one.Locator.Length > source.Length && one.Locator.StartsWith(source + "@", StringComparison.Ordinal) ? one.Locator[source.Length..] : one.Locator;
}
