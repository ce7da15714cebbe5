namespace Jumpbag.Tests.Architecture;

/// <summary>The files of this repository, as paths from its top.</summary>
internal static class Repository
{
    public static string Top { get; } = FindTop(AppContext.BaseDirectory);

    /// <summary>Below a folder, without what builds leave there; empty where there is no such folder.</summary>
    public static IEnumerable<string> Files(string folder, string pattern)
    {
        string path = Path.Combine(Top, folder);
        return !Directory.Exists(path) ? [] : Directory.EnumerateFiles(path, pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Top, file))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or ".build" or ".git"))
            .Order(StringComparer.Ordinal);
    }

    public static string Read(string file) => File.ReadAllText(Path.Combine(Top, file));

    private static string FindTop(string folder)
    {
        while (!File.Exists(Path.Combine(folder, "Jumpbag.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Jumpbag.slnx is in no folder above the tests");
        return folder;
    }
}
