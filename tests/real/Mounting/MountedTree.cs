using System.Collections.Concurrent;
using System.Globalization;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Ext;
using Jumpbag.FileSystems.Mounting;
using Jumpbag.Host;
using Jumpbag.Host.Fuse;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Mounting;

/// <summary>
/// A filesystem served by the test's own process. Should that ever not answer, a watch cuts the connection after a minute, so that
/// whoever waits for it gets an error instead of hanging for good.
/// </summary>
internal sealed class MountedTree : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly TreeFiles files;
    private readonly FuseMount mount;
    private readonly Timer watch;

    public MountedTree(BlockDevice device, long largestListing = 32 << 20)
    {
        Require.Fuse();
        var tree = new FileTree(ExtFileSystem.Open(device, new ExtOpenOptions()));
        files = new(tree, tree.Root, (node, path, damage) => Told.Enqueue($"{path}: {damage}"), largestListing);
        mount = FuseMount.Start(MountPoint.Check(ByteString.FromText(Directory.CreateDirectory(folder.File("m")).FullName)), files, new() { Source = ByteString.FromText("test") });
        string connection = MountEntry.At(mount.Folder)!.Device.Split(':')[1];
        watch = new Timer(_ => Shell.Try("sh", "-c", $"echo 1 > /sys/fs/fuse/connections/{connection}/abort || umount -f {mount.Folder}"), null, 60_000, Timeout.Infinite);
        Assert.True(mount.IsGuarded);
    }

    public string Folder => mount.Folder.ToString();

    /// <summary>Damage that was met.</summary>
    public ConcurrentQueue<string> Told { get; } = [];

    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>Reads by another program, whose status and complaint count.</summary>
    public ShellResult Read(string name, long offset, long length) => Shell.Try(TimeSpan.FromSeconds(20), "dd", $"if={File(name)}", "bs=1", "iflag=skip_bytes,count_bytes,fullblock",
        $"skip={offset.ToString(CultureInfo.InvariantCulture)}", $"count={length.ToString(CultureInfo.InvariantCulture)}", "of=/dev/null");

    public void Dispose()
    {
        mount.Dispose();
        watch.Dispose();
        files.Dispose();
        Assert.Null(MountEntry.At(mount.Folder));
        folder.Dispose();
    }
}
