using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Facts.Files;

/// <summary>The files of this machine.</summary>
/// <param name="root">Stands before each path: "" but in tests.</param>
public sealed class LiveFiles(string root = "") : IFiles
{
    private const int Block = 64 << 10;

    public byte[]? Read(string path, int most, bool fromEnd = false)
    {
        try
        {
            // A pipe or a terminal would be waited for.
            if (!FollowedStatus(root + path, out FileStatus status) || !status.IsRegular)
                return null;
            using var stream = new FileStream(root + path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (fromEnd && status.Size > most)
                stream.Seek(-most, SeekOrigin.End);
            // Files of the kernel say that they have no bytes, so it is read until nothing comes.
            using var content = new MemoryStream();
            var buffer = new byte[Math.Min(Block, most)];
            for (int count; content.Length < most && (count = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, most - content.Length))) > 0;)
                content.Write(buffer, 0, count);
            return content.ToArray();
        }
        catch (Exception e) when (IsAbsence(e))
        {
            return null;
        }
        catch (IOException)
        {
            return null; // An attribute of the kernel that has no answer now: the device is gone or asleep.
        }
    }

    public void ReadAt(string path, long offset, Span<byte> into)
    {
        try
        {
            using var stream = new FileStream(root + path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            stream.Seek(offset, SeekOrigin.Begin);
            stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
        }
        catch (IOException)
        {
            // It went away, or its disk does not give it: as on a dead disk, what is there is read.
        }
    }

    public IReadOnlyList<FileEntry> List(string folder)
    {
        string[] names;
        try
        {
            names = Directory.GetFileSystemEntries(root + folder);
        }
        catch (IOException)
        {
            return [];
        }
        Array.Sort(names, StringComparer.Ordinal);
        return [.. names.Select(name => EntryOf(name[root.Length..], false)).OfType<FileEntry>()];
    }

    public FileEntry? Stat(string path) => EntryOf(path, true);

    public string? Target(string path)
    {
        try
        {
            return new FileInfo(root + path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private FileEntry? EntryOf(string path, bool follow)
    {
        FileStatus status;
        if (follow ? !FollowedStatus(root + path, out status) : FileStatus.Of(ByteString.FromArgument(root + path), out status) != Errno.None)
            return null;
        return new(path, status.IsDirectory, status.IsRegular, status.Size, Time(status.Modified), Time(status.Changed));
    }

    private static bool FollowedStatus(string path, out FileStatus status) => FileStatus.OfTarget(ByteString.FromArgument(path), out status) == Errno.None;

    private static bool IsAbsence(Exception e) => e is FileNotFoundException or DirectoryNotFoundException;

    internal static DateTimeOffset Time(Timestamp time) => DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(time.Seconds, -62_135_596_800, 253_402_300_799));
}
