using Jumpbag.Core;
using Jumpbag.FileSystems.Mounting;
using Jumpbag.Host.Fuse;
using Jumpbag.Storage.Overlays;

namespace Jumpbag.Checking;

/// <summary>A device as one writable file in a folder of its own, which other programs can open. Needs no root.</summary>
public sealed class RawView : IDisposable
{
    private readonly string folder;
    private FuseMount? mount;
    private FailedException? failure;

    private RawView(string folder, string name)
    {
        this.folder = folder;
        File = Path.Combine(folder, name);
    }

    /// <summary>The path of the file.</summary>
    public string File { get; }

    /// <summary>The first change that the overlay could not take; null where it took all.</summary>
    public FailedException? Failure => failure;

    public static RawView Show(OverlayDevice device, string name)
    {
        var view = new RawView(Directory.CreateTempSubdirectory("jumpbag-fsck-").FullName, name);
        try
        {
            // What cannot be read is the checker's to tell; what could not be kept is ours.
            var files = new RawFiles([new(ByteString.FromArgument(name), device)], (_, e) => Interlocked.CompareExchange(ref view.failure, e as FailedException, null));
            view.mount = FuseMount.Start(ByteString.FromArgument(view.folder), files, new() { Source = ByteString.FromArgument(name), Writable = true });
            return view;
        }
        catch
        {
            Directory.Delete(view.folder);
            throw;
        }
    }

    /// <summary>What the kernel still had to write has reached the overlay when this returns.</summary>
    public void Dispose()
    {
        if (mount is null)
            return;
        mount.Dispose();
        mount = null;
        Directory.Delete(folder);
    }
}
