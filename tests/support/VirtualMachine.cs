using Xunit;

namespace Jumpbag.Tests.Support;

/// <summary>
/// A small machine with a real Debian kernel and device-mapper, for what the kernel of the test machine may lack.
/// Its host side is tests/vm/run-in-vm.
/// </summary>
public static class VirtualMachine
{
    private const int CannotBeHad = 77;

    /// <summary>Runs a bash script as root in the machine. Where no such machine can be had (a package is missing), the test is skipped.</summary>
    /// <param name="script">Path of the script.</param>
    /// <param name="disks">Paths of raw images: /dev/vda, /dev/vdb, … there. They may be written to.</param>
    /// <param name="take">Programs of this machine to take along, beside busybox, bash, lvm and dmsetup.</param>
    public static ShellResult Run(string script, IEnumerable<string> disks, params string[] take) => Run(script, disks, [], take);

    /// <inheritdoc cref="Run(string, IEnumerable{string}, string[])"/>
    /// <param name="modules">Modules of that kernel, beside those for device-mapper and ext4.</param>
    /// <param name="minutes">How long it may take on a machine that has much else to do.</param>
    /// <param name="hardware">Arguments of QEMU for more than that.</param>
    /// <param name="systemd">Whether this machine's systemd boots it.</param>
    public static ShellResult Run(string script, IEnumerable<string> disks, IEnumerable<string> modules, string[] take, int minutes = 5, IEnumerable<string>? hardware = null, bool systemd = false)
    {
        string runner = Path.Combine(Repository, "tests", "vm", "run-in-vm");
        ShellResult result = Shell.Try(TimeSpan.FromMinutes(minutes + 1), runner,
            ["--timeout", $"{minutes * 60}", .. Options("--module", modules), .. Options("--take", take), .. Options("--qemu", hardware ?? []), .. systemd ? ["--systemd"] : Array.Empty<string>(), script, .. disks]);
        Assert.SkipWhen(result.Status == CannotBeHad, result.Errors.Trim());
        return result;
    }

    private static IEnumerable<string> Options(string name, IEnumerable<string> values) => values.SelectMany(value => new[] { name, value });

    /// <summary>The top folder of the clone that these tests were built in.</summary>
    public static string Repository { get; } = FindRepository();

    private static string FindRepository()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder.TrimEnd('/')))
            if (File.Exists(Path.Combine(folder, "Jumpbag.slnx")))
                return folder;
        throw new InvalidOperationException("the tests run outside of their clone");
    }
}
