using System.Globalization;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Extraction;

/// <summary>
/// A disk with bad sectors, which device-mapper makes of a sound one (bad-disk.sh): the program runs beside the kernel that
/// fails, in the virtual machine, and must lose these sectors and nothing else.
/// </summary>
public sealed class DiskErrorTests
{
    [Fact]
    public void what_is_beside_bad_sectors_is_delivered_and_they_are_listed()
    {
        string? program = Environment.GetEnvironmentVariable("JUMPBAG_BIN");
        Assert.SkipUnless(program is { Length: > 0 } && !File.Exists(program + ".dll"), "needs the native binary: JUMPBAG_BIN");
        using var folder = new TemporaryFolder();
        using (FileStream file = File.Create(folder.File("disk")))
            file.SetLength(100 << 20);
        string source = Path.Combine(VirtualMachine.Repository, "tests", "real", "Extraction", "bad-disk.sh");
        File.WriteAllText(folder.File("script"), $"PATH=$PATH:{Path.GetDirectoryName(program)}\n{File.ReadAllText(source)}");
        string[] take = ["mke2fs", "mount", "umount", "filefrag", "debugfs", "strace", "seq", "diff", "blockdev", "stat", program];
        foreach (string tool in take)
            Require.Tool(tool);
        ShellResult result = VirtualMachine.Run(folder.File("script"), [folder.File("disk")], take);
        string all = result.Output + result.Errors;
        Assert.True(result.Status == 0 && result.Output.EndsWith("done\n", StringComparison.Ordinal), all);
        string[] lines = result.Output.Split('\n');
        IEnumerable<string> Of(string kind) => lines.Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal)).Select(line => line[(kind.Length + 1)..]);

        Assert.Equal(["3", "3", "3"], Of("status"));
        Assert.Equal(2, lines.Count(line => line == "same"));
        string[] bad = [.. Of("bad")], said = [.. Of("said").Where(line => line.StartsWith("damaged: ", StringComparison.Ordinal))];
        Assert.Equal(6, bad.Length);
        string[] expected = [.. bad.Select(line => line.Split(' ')).Select(word => Told(word[0], long.Parse(word[1], CultureInfo.InvariantCulture), long.Parse(word[2], CultureInfo.InvariantCulture)))];
        Assert.Equal(expected.Concat(expected).Order(StringComparer.Ordinal), said.Order(StringComparer.Ordinal));

        // Each bad sector is asked for by itself, and the reads that found them: nowhere near "again and again".
        long sectors = bad.Sum(line => long.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture)) / 512;
        Assert.All(Of("failures"), count => Assert.InRange(long.Parse(count, CultureInfo.InvariantCulture), sectors, sectors * 3 / 2));

        Assert.Equal("ext4", Assert.Single(Of("beside")));
        Assert.Contains(Of("structure"), line => line.Contains("/many: bytes ", StringComparison.Ordinal) && line.EndsWith("directory: Input/output error", StringComparison.Ordinal));
        Assert.InRange(int.Parse(Assert.Single(Of("names")), CultureInfo.InvariantCulture), 200, 299);

        static string Told(string file, long offset, long length) => $"damaged: /dev/mapper/bad:/{file}: bytes {offset}-{offset + length - 1}: Input/output error";
    }
}
