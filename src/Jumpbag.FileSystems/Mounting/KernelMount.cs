using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Storage;
using Jumpbag.Storage.Layers;
using Jumpbag.Storage.Overlays;

namespace Jumpbag.FileSystems.Mounting;

/// <summary>
/// A filesystem that the kernel itself is to mount: the range of a source that it fills, and where it goes. Only a layer whose
/// bytes lie in one piece in one source can be had so.
/// </summary>
/// <param name="Below">In the folder of the whole: "/" or, of what is joined, "/home".</param>
public sealed record KernelMount(string Locator, FileSource Source, long Offset, long Length, string Type, string Options, ByteString Below)
{
    private const string Instead = "without --kernel it is read by jumpbag itself";

    /// <param name="state">As the filesystem tells it (<see cref="FileSystemSummary.State"/>); null where it cannot be read here.</param>
    /// <param name="replay">Whether the journal's content is to be seen.</param>
    /// <exception cref="UnsupportedException">The kernel can't have it, or would show something else than we do.</exception>
    public static KernelMount Of(Layer layer, ByteString below, string? state, bool replay)
    {
        string format = layer.Signature?.Format ?? "";
        if (layer.Signature is not { Usage: "filesystem" })
            throw new UnsupportedException($"{layer.Locator}: holds no filesystem that the kernel could mount", $"'jumpbag inspect {layer.Locator}' shows what is there");
        (FileSource source, long offset) = Find(layer);
        bool dirty = state?.Split(',').Any(word => word.Trim() == "dirty") == true;
        if (dirty && replay)
            throw new UnsupportedException($"{layer.Locator}: its journal is dirty, and to replay it the kernel would have to write",
                $"{Instead}, with the journal replayed; with --no-replay the kernel shows what the disk holds without it");
        return new(layer.Locator, source, offset, layer.Device.Length, format == "ntfs" ? "ntfs3" : format, OptionsOf(format, dirty || !replay), below);
    }

    /// <summary>The lines that do the same by hand.</summary>
    public IEnumerable<string> Lines(string folder, int number)
    {
        string variable = $"LOOP{number}", target = Below.Span.SequenceEqual("/"u8) ? folder : folder + Below;
        yield return $"{variable}=$(losetup --find --show --read-only --offset {Offset} --sizelimit {Length} {ShellWord.Quote(Source.Path)})    # {Locator}";
        yield return $"mount -t {Type} -o {string.Join(',', new[] { "ro", "nosuid", "nodev", Options }.Where(option => option.Length > 0))} ${variable} {ShellWord.Quote(target)}";
    }

    /// <exception cref="FailedException">The kernel does not.</exception>
    public void Run(ByteString folder)
    {
        using LoopDevice loop = LoopDevice.Attach(Source.Handle, Offset, Length);
        Errno error = MountPoint.Mount(loop.Path, folder, Below, Type, Options);
        string what = $"{Locator}: mount -t {Type} on {(Below.Span.SequenceEqual("/"u8) ? folder : folder.Join(new(Below.Span[1..])))}";
        switch (error)
        {
            case Errno.None:
                return;
            case Errno.NotPermitted:
                throw new FailedException($"{what}: only root may", Instead);
            case Errno.NoSuchDevice:
                throw new FailedException($"{what}: this kernel does not know {Type}", Instead);
            case Errno.ReadOnly:
                throw new UnsupportedException($"{what}: it has a log that must be replayed first, for which the kernel would have to write",
                    "with --no-replay the kernel shows what the disk holds without it");
            default:
                throw error.Failed(what, $"the kernel's log (dmesg) says more; {Instead}");
        }
    }

    private static string OptionsOf(string format, bool withoutLog) => format switch
    {
        "ext3" or "ext4" => withoutLog ? "noload" : "",
        // A copy has the UUID of what it was made from, which may be mounted.
        "xfs" => withoutLog ? "nouuid,norecovery" : "nouuid",
        "btrfs" => withoutLog ? "rescue=nologreplay" : "",
        _ => "",
    };

    private static (FileSource Source, long Offset) Find(Layer layer) => Slice.Whole(layer.Device) switch
    {
        (FileSource source, long offset) => (source, offset),
        (OverlayDevice, _) => throw new UnsupportedException($"{layer.Locator}: the kernel would mount the disk as it is, without the overlay", InsteadOf(layer)),
        _ => throw new UnsupportedException($"{layer.Locator}: does not lie in one piece in one file, so that no offset leads to it", InsteadOf(layer)),
    };

    /// <summary>What shows it all the same; a filesystem that only the kernel can read as a file that the kernel takes.</summary>
    private static string InsteadOf(Layer layer)
    {
        string format = layer.Signature!.Format, options = OptionsOf(format, withoutLog: true);
        return FileSystemFormats.CanRead(format) ? Instead
            : $"'jumpbag mount --raw' shows it as a file, which 'mount -t {format} -o ro,loop{(options.Length > 0 ? "," + options : "")}' takes";
    }
}
