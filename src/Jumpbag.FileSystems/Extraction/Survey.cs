using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// Whether what is to be copied has room at the destination. Where everything on the source's filesystems would fit, nothing
/// is counted for that; a backup does not say how much it holds.
/// </summary>
internal sealed class Survey(IReadOnlyList<TreeStart> sources, TreeCount count)
{
    public bool SurelyFits(VolumeSpace space)
    {
        long used = 0, inodes = 0;
        foreach (FileSystem fileSystem in sources.SelectMany(s => s.Tree.Mounts.Select(m => m.FileSystem)).Distinct())
        {
            FileSystemSummary summary = fileSystem.Summary;
            if (summary.Capacity == 0)
                return false;
            used += Math.Clamp(summary.Capacity - summary.Free, 0, long.MaxValue / 64);
            inodes += Math.Clamp(summary.Inodes - summary.FreeInodes, 0, long.MaxValue / 64);
        }
        // Inline files, tails and directories may take somewhat more there than here.
        return used + inodes * space.BlockSize < space.Available && (space.Inodes is null || inodes < space.Inodes);
    }

    public void ThrowIfTooLarge(VolumeSpace space, string destination)
    {
        if (!count.Counted)
            return;
        if (count.Room > space.Available)
            throw new FailedException($"{destination}: {count.Room} bytes ({ByteSize.Format(count.Room)}) are needed and {space.Available} ({ByteSize.Format(space.Available)}) are free",
                "choose another disk, or fewer files");
        if (space.Inodes is { } inodes && count.Files + count.Directories > inodes)
            throw new FailedException($"{destination}: {count.Files + count.Directories} inodes are needed and {inodes} are free", "choose another disk, or fewer files");
    }
}
