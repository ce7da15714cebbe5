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
    /// <param name="seconds">For all of it, where it takes longer than most do.</param>
    public static ShellResult Run(string script, IEnumerable<string> disks, IEnumerable<string> modules, string[] take, int seconds = 300)
    {
        string runner = Path.Combine(Repository, "tests", "vm", "run-in-vm");
        ShellResult result = Shell.Try(TimeSpan.FromSeconds(seconds + 60), runner,
            ["--timeout", $"{seconds}", .. modules.SelectMany(module => new[] { "--module", module }), .. take.SelectMany(program => new[] { "--take", program }), script, .. disks]);
        Assert.SkipWhen(result.Status == CannotBeHad, result.Errors.Trim());
        return result;
    }

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
