using Jumpbag.Core;

namespace Jumpbag.Facts.Files;

/// <summary>A file as it is listed: its last two times tell when something was done to it.</summary>
/// <param name="Path">The whole path.</param>
/// <param name="Changed">Of content, owner, mode or name; unlike the modification time nobody can set it.</param>
public sealed record FileEntry(string Path, bool IsDirectory, bool IsRegular, long Size, DateTimeOffset Modified, DateTimeOffset Changed)
{
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>When anything was done to it last.</summary>
    public DateTimeOffset Touched => Modified > Changed ? Modified : Changed;
}

/// <summary>The files of a machine that lives, or those on the disk of one that doesn't. Nothing is ever written.</summary>
public interface IFiles
{
    /// <summary>The beginning of a file, or its end; null where there is none.</summary>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    byte[]? Read(string path, int most, bool fromEnd = false);

    /// <summary>Bytes from the middle of a file; what cannot be read, or lies behind the end, stays as it is in <paramref name="into"/>.</summary>
    void ReadAt(string path, long offset, Span<byte> into);

    /// <summary>What is in a folder, by name; empty where there is none.</summary>
    /// <exception cref="UnauthorizedAccessException">This user may not list it.</exception>
    IReadOnlyList<FileEntry> List(string folder);

    /// <summary>Null where there is no such file.</summary>
    FileEntry? Stat(string path);

    /// <summary>Where a symbolic link leads; null where it is none.</summary>
    string? Target(string path);
}

public static class FilesExtensions
{
    /// <summary>The text of a small file; null where there is none.</summary>
    public static string? Text(this IFiles files, string path, int most = 1 << 20) =>
        files.Read(path, most) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null;

    /// <summary>The first line without what surrounds it; null where there is none.</summary>
    public static string? Line(this IFiles files, string path) =>
        files.Text(path, 64 << 10) is { } text && text.Split('\n')[0].Trim() is { Length: > 0 } line ? line : null;

    public static long? Number(this IFiles files, string path) =>
        long.TryParse(files.Line(path), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>Printable, on one line.</summary>
    public static string Shown(string text) => ByteString.FromArgument(text).ToString();
}
