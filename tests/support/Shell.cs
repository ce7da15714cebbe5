using System.Diagnostics;

namespace Jumpbag.Tests.Support;

/// <summary>What a program wrote and how it ended.</summary>
public sealed record ShellResult(int Status, string Output, string Errors);

/// <summary>Runs other programs, each with a deadline and with nothing to read on its standard input.</summary>
public static class Shell
{
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(60);

    /// <summary>Runs a program that must succeed; its standard output.</summary>
    public static string Run(string program, params string[] arguments)
    {
        ShellResult result = Try(program, arguments);
        return result.Status == 0 ? result.Output : throw new InvalidOperationException(
            $"{program} {string.Join(' ', arguments)}: exit status {result.Status}\n{result.Output}{result.Errors}");
    }

    /// <summary>Runs a program that may fail.</summary>
    public static ShellResult Try(string program, params string[] arguments) => Try(DefaultDeadline, program, arguments);

    public static ShellResult Try(TimeSpan deadline, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(deadline))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)}: not done after {deadline.TotalSeconds:0} s");
        }
        return new(process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }

    /// <summary>Where a program is, the folders of the administrator's programs included; null where it is missing.</summary>
    public static string? Find(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':')
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>As one word of a shell's command line.</summary>
    public static string Quote(string word) => $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
