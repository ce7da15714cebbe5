using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Storage.Layers;

namespace Jumpbag.Checking;

/// <summary>
/// Where overlays and undo files are: beside the image, as "disk.img@1.jumpbag-overlay"; of devices and of images in folders
/// that cannot be written, in the state folder.
/// </summary>
public static class OverlayPlace
{
    private const string Overlay = ".jumpbag-overlay", Undo = ".jumpbag-undo";

    /// <param name="source">The path of the image or device.</param>
    /// <param name="isBlockDevice">A device's folder is no place for files.</param>
    /// <param name="steps">Of the layer, "@1"; see <see cref="Layer.Steps"/>.</param>
    public static string Default(string source, bool isBlockDevice, string steps)
    {
        string full = Path.GetFullPath(source);
        string name = Path.GetFileName(full) + steps.Replace('/', '-') + Overlay;
        string folder = Path.GetDirectoryName(full) ?? "/";
        if (!isBlockDevice && FolderAccess.MayWrite(folder))
            return Path.Combine(Path.GetDirectoryName(source) ?? "/", name);
        // Two disks may have one name in two folders.
        uint sum = Checksums.Crc32C(~0u, ByteString.FromArgument(full).Span);
        return Path.Combine(StateFolder.Path, "overlays", $"{sum:x8}-{name}");
    }

    /// <summary>Makes the folder of an overlay where it is ours to make.</summary>
    public static void MakeFolder(string overlay)
    {
        string folder = Path.Combine(StateFolder.Path, "overlays");
        if (Path.GetDirectoryName(overlay) != folder)
            return;
        try
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{folder}: cannot be made: {e.Message}", "'--overlay FILE' puts the overlay elsewhere, $JUMPBAG_STATE all that is kept", e);
        }
    }

    /// <summary>The undo file of a commit: the first, or the one numbered so.</summary>
    public static string UndoOf(string overlay, int number)
    {
        string stem = overlay.EndsWith(Overlay, StringComparison.Ordinal) ? overlay[..^Overlay.Length] : overlay;
        return stem + Undo + (number == 1 ? "" : $".{number}");
    }

    /// <summary>Those that are there, the oldest first.</summary>
    public static IEnumerable<string> UndosOf(string overlay)
    {
        for (int number = 1; File.Exists(UndoOf(overlay, number)); number++)
            yield return UndoOf(overlay, number);
    }
}
