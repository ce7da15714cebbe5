namespace Jumpbag.Tests.Support;

/// <summary>Makes ext2, ext3 and ext4 images with the real programs.</summary>
public static class ImageBuilder
{
    /// <summary>Makes a sparse image file and a filesystem in it; mke2fs's own complaint, or null where it succeeded.</summary>
    public static string? TryFormat(string image, long size, params string[] options)
    {
        Require.Tool("mke2fs");
        using (FileStream file = File.Create(image))
            file.SetLength(size);
        ShellResult made = Shell.Try("mke2fs", ["-q", "-F", .. options, image]);
        return made.Status == 0 ? null : made.Errors.Trim();
    }

    public static void Format(string image, long size, params string[] options)
    {
        if (TryFormat(image, size, options) is string complaint)
            throw new InvalidOperationException($"mke2fs {string.Join(' ', options)}: {complaint}");
    }

    /// <summary>
    /// Fills an image with a random tree through the kernel's mount; why it can't be mounted for writing, or null. Ordered
    /// journalling is never used here: see <see cref="LoopMount"/>.
    /// </summary>
    public static string? TryFill(string image, RandomTree tree, bool hasJournal)
    {
        using LoopMount? mount = LoopMount.TryMount(image, hasJournal ? "rw,data=writeback,user_xattr,acl" : "rw,user_xattr,acl", out string? refusal);
        if (mount is null)
            return refusal;
        tree.Fill(mount.Folder);
        return null;
    }

    /// <summary>What e2fsck, changing nothing, finds wrong; null where it finds nothing.</summary>
    public static string? Check(string image)
    {
        ShellResult result = Shell.Try("e2fsck", "-f", "-n", image);
        return result.Status == 0 ? null : result.Output + result.Errors;
    }
}
