using System.Diagnostics;

namespace Jumpbag.Tests.Real.Journal;

/// <summary>Runs the programs that are the oracles of these tests, in a folder of its own that goes with it.</summary>
internal sealed class Shell : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("jumpbag-journal-").FullName;

    public string PathOf(string name) => Path.Combine(Folder, name);

    public static void Require(params string[] programs)
    {
        foreach (string program in programs)
            if (!new[] { "/usr/sbin", "/usr/bin", "/sbin", "/bin" }.Any(folder => File.Exists(Path.Combine(folder, program))))
                Assert.Skip($"{program} is not installed");
    }

    public static void RequireRoot()
    {
        if (Environment.UserName != "root")
            Assert.Skip("only root can mount");
    }

    /// <summary>Runs a script of sh in the folder; a failure is a failed test, with what was printed.</summary>
    public string Run(string script, bool mayFail = false)
    {
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-euc", script])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            Environment = { ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ["LC_ALL"] = "C" },
        })!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(mayFail || process.ExitCode == 0, $"{script}\nexit {process.ExitCode}\n{output}\n{errors.Result}");
        return output;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
