using Xunit;

namespace Jumpbag.Tests.Support;

/// <summary>
/// The kernel's mount of a filesystem in an image; unmounted and its loop device detached when the test is over.
/// An image with inline_data that is written to must be mounted with data=writeback: filling one in ordered mode with a
/// small journal deadlocks the journal thread of at least Linux 6.18 for good.
/// </summary>
public sealed class LoopMount : IDisposable
{
    private readonly string device;

    private LoopMount(string device, string folder)
    {
        this.device = device;
        Folder = folder;
    }

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    /// <summary>Skips the test where the machine can't mount at all; null in <paramref name="refusal"/> on success.</summary>
    public static LoopMount? TryMount(string image, string options, out string? refusal, long offset = 0, string type = "ext4")
    {
        Require.LoopMounts();
        bool readOnly = options.Split(',').Contains("ro");
        List<string> attach = ["--show", "--find", "--offset", $"{offset}", image];
        if (readOnly)
            attach.Insert(0, "--read-only");
        ShellResult attached = Shell.Try("losetup", [.. attach]);
        Assert.SkipUnless(attached.Status == 0, $"no loop device can be had: {attached.Errors.Trim()}");
        string device = attached.Output.Trim(), folder = Directory.CreateTempSubdirectory("jumpbag-mount-").FullName;
        var mount = new LoopMount(device, folder);
        ShellResult mounted = Shell.Try("mount", "-t", type, "-o", options, device, folder);
        refusal = mounted.Status == 0 ? null : mounted.Errors.Trim();
        if (refusal is null)
            return mount;
        mount.Dispose();
        return null;
    }

    /// <summary>A mount that must succeed.</summary>
    public static LoopMount Mount(string image, string options = "ro", long offset = 0, string type = "ext4") =>
        TryMount(image, options, out string? refusal, offset, type)
        ?? throw new InvalidOperationException($"mount -o {options} {image}: {refusal}");

    public void Dispose()
    {
        ShellResult unmounted = Shell.Try("umount", Folder);
        if (unmounted.Status != 0 && !unmounted.Errors.Contains("not mounted"))
            Shell.Run("umount", "--lazy", Folder);
        Shell.Run("losetup", "--detach", device);
        Directory.Delete(Folder);
    }
}
