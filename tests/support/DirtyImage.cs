namespace Jumpbag.Tests.Support;

/// <summary>Images of filesystems that ended without unmounting.</summary>
public static class DirtyImage
{
    /// <summary>An image of a filesystem that was shut down after random changes; its name in the folder is always the same.</summary>
    /// <param name="make">For mke2fs, with "-b" among it.</param>
    /// <param name="options">For mount, or "".</param>
    public static string Make(TemporaryFolder folder, string make, string options, int seed, int steps, long size = 64 << 20)
    {
        string image = folder.File("dirty.img");
        string[] arguments = make.Split(' ');
        int blockSize = int.Parse(arguments[Array.IndexOf(arguments, "-b") + 1], null);
        // The smallest journal there is, so that it wraps.
        ImageBuilder.Format(image, size, [.. arguments, "-J", $"size={1024 * blockSize / 1048576}"]);
        using LoopMount mount = LoopMount.Mount(image, options.Length > 0 ? $"rw,{options}" : "rw");
        // Writing out the journal makes one full commit of all fast ones.
        bool fastCommits = make.Contains("fast_commit", StringComparison.Ordinal);
        var workload = new Workload(mount.Folder, seed, blockSize)
        {
            LeaveOrphan = !fastCommits,
        };
        workload.Run(steps);
        workload.ShutDown(how: seed % 2 == 0 && !fastCommits ? 1u : 2u);
        return image;
    }
}
