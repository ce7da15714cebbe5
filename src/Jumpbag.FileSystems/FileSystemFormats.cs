using Jumpbag.FileSystems.Ext;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems;

/// <summary>What a filesystem may need, beside its own device, to be opened.</summary>
/// <param name="Replay">Whether what a dirty journal holds is shown in its place.</param>
/// <param name="FindJournal">Gives the device of an external journal by its UUID, or null.</param>
public sealed record OpenOptions(bool Replay, Func<Guid, BlockDevice?> FindJournal);

/// <summary>The filesystems that can be read: a new one is a folder and a line here.</summary>
public static class FileSystemFormats
{
    private static readonly (string[] Formats, Func<BlockDevice, OpenOptions, FileSystem> Open)[] Known =
    [
        (["ext2", "ext3", "ext4", "ext4dev"], (device, options) =>
            ExtFileSystem.Open(device, new ExtOpenOptions { Replay = options.Replay, FindJournal = options.FindJournal })),
    ];

    /// <param name="format">In blkid's spelling.</param>
    public static bool CanRead(string? format) => Known.Any(known => known.Formats.Contains(format));

    /// <exception cref="Core.UnsupportedException">There is no reader for this format, or the filesystem has a feature that the reader refuses.</exception>
    public static FileSystem Open(string format, BlockDevice device, OpenOptions options)
    {
        foreach ((string[] formats, Func<BlockDevice, OpenOptions, FileSystem> open) in Known)
            if (formats.Contains(format))
                return open(device, options);
        throw new Core.UnsupportedException($"{format} cannot be read yet", "'jumpbag inspect --commands' prints what opens it by hand");
    }
}
