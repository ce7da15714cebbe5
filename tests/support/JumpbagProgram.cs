using Xunit;

namespace Jumpbag.Tests.Support;

/// <summary>The program as a person runs it: from bash, where <c>jumpbag</c> is the binary and <c>$BIN</c> its path.</summary>
public static class JumpbagProgram
{
    /// <summary>JUMPBAG_BIN names it; else it is what a build of src/Jumpbag left.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("JUMPBAG_BIN") is { Length: > 0 } named
        ? named : System.IO.Path.Combine(VirtualMachine.Repository, "src", "Jumpbag", "bin", "Debug", "net10.0", "jumpbag");

    /// <summary>The demo's disk, unpacked into a folder as d.img: a partition, and a volume group with root and (dirty) home.</summary>
    public static void UnpackDemo(string folder) =>
        Shell.Run("bash", "-c", "zcat \"$1\" | cp --sparse=always /dev/stdin \"$2/d.img\"", "bash", System.IO.Path.Combine(VirtualMachine.Repository, "src", "Jumpbag", "Demo", "demo-disk.img.gz"), folder);

    public static ShellResult Bash(string folder, string script)
    {
        Assert.SkipUnless(File.Exists(Path), "needs the program: dotnet build src/Jumpbag, or JUMPBAG_BIN");
        return Shell.Try(TimeSpan.FromSeconds(180), "bash", "-c", "cd \"$1\"; BIN=$2; jumpbag() { \"$BIN\" \"$@\"; }; unset COLUMNS\n" + script, "bash", folder, Path);
    }
}
