using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Jumpbag.Tests.Real.Storage;

/// <summary>Runs the programs that these tests compare with, in a folder that goes away.</summary>
internal sealed class Workshop : IDisposable
{
    public Workshop() => Directory.CreateDirectory(Folder);

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"jumpbag-storage-{Environment.ProcessId}-{Guid.NewGuid():N}");

    public string File(string name) => Path.Combine(Folder, name);

    public string Sparse(string name, long length)
    {
        using FileStream stream = System.IO.File.Create(File(name));
        stream.SetLength(length);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Skips the test where the program is not installed.</summary>
    public static void Need(string program)
    {
        string path = (Environment.GetEnvironmentVariable("PATH") ?? "") + ":/usr/sbin:/sbin";
        if (!path.Split(':').Any(folder => System.IO.File.Exists(Path.Combine(folder, program))))
            Assert.Skip($"{program} is not installed");
    }

    /// <summary>What a shell command prints; it must succeed, unless <paramref name="mayFail"/>.</summary>
    public string Shell(string command, string input = "", bool mayFail = false)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(command);
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (input.Length > 0)
            process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0 && !mayFail)
            Assert.Fail($"{command}: exit status {process.ExitCode}: {errors.Result}");
        return output;
    }

    /// <summary>A loop device over the file, which the caller must detach; skips where there are none.</summary>
    public string Loop(string file, string options = "")
    {
        Need("losetup");
        string loop = Shell($"losetup -f --show {options} '{file}'", mayFail: true).Trim();
        if (loop.Length == 0)
            Assert.Skip("loop devices cannot be had: they need root and the kernel's loop driver");
        return loop;
    }

    /// <summary>blkid's low-level probe of a file, tag by tag; empty where it recognises nothing.</summary>
    public Dictionary<string, string> Blkid(string file)
    {
        var tags = new Dictionary<string, string>();
        foreach (string line in Shell($"blkid -p -o export '{file}'; blkid -p -o udev '{file}'", mayFail: true).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = line.Split('=', 2);
            tags[pair[0]] = pair[1].Replace("\\", "", StringComparison.Ordinal);
            // The only spelling of a label that keeps all of its characters.
            if (pair[0] == "ID_FS_LABEL_ENC")
                tags["LABEL"] = Regex.Replace(pair[1], @"\\x([0-9a-f]{2})", m => ((char)Convert.ToByte(m.Groups[1].Value, 16)).ToString());
        }
        return tags;
    }
}
