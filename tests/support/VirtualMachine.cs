using System.Diagnostics;

namespace Jumpbag.Tests.Support;

/// <summary>What a script said in the virtual machine, and its exit status.</summary>
public sealed record GuestResult(int ExitStatus, string Output, string Errors);

/// <summary>
/// A small machine with a real Debian kernel and device-mapper, for what the kernel of the test machine may lack.
/// Its host side is tests/vm/run-in-vm.
/// </summary>
public static class VirtualMachine
{
    private const int CannotBeHad = 77;

    /// <summary>Runs a bash script as root in the machine; the raw images are /dev/vda, /dev/vdb, … there and may be written to.</summary>
    /// <param name="script">Path of the script.</param>
    /// <param name="disks">Paths of raw images.</param>
    /// <param name="take">Programs of this machine to take along, beside busybox, bash, lvm and dmsetup.</param>
    /// <param name="timeout">In seconds.</param>
    /// <param name="missing">Why there is no such machine here (a missing package), else null; the result is null then.</param>
    public static GuestResult? Run(string script, IEnumerable<string> disks, IEnumerable<string> take, int timeout, out string? missing)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository(), "tests", "vm", "run-in-vm"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (string program in take)
        {
            start.ArgumentList.Add("--take");
            start.ArgumentList.Add(program);
        }
        start.ArgumentList.Add("--timeout");
        start.ArgumentList.Add($"{timeout}");
        start.ArgumentList.Add(script);
        foreach (string disk in disks)
            start.ArgumentList.Add(disk);
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        missing = process.ExitCode == CannotBeHad ? errors.Result.Trim() : null;
        return missing is null ? new(process.ExitCode, output, errors.Result) : null;
    }

    /// <summary>The top folder of the clone that these tests were built in.</summary>
    private static string Repository()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Jumpbag.slnx")))
                return folder;
        throw new InvalidOperationException("the tests run outside of their clone");
    }
}
