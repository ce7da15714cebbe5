using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Dumps;

/// <summary>Compressed by the programs themselves; each input is read to its end, and one that is damaged or cut says so.</summary>
public sealed class CompressionTests
{
    private static readonly string[][] Ways =
    [
        ["gzip", "-n"], ["zstd", "-q"], ["zstd", "-q", "--no-check", "-19"], ["xz"], ["xz", "-Ccrc32", "--block-size=100000"], ["xz", "-Cnone"], ["xz", "-Csha256", "-0"], ["bzip2"], ["bzip2", "-1"],
    ];

    public static TheoryData<string> All => [.. Ways.Select(way => string.Join(' ', way))];

    [Theory]
    [MemberData(nameof(All))]
    public void all_of_it_is_read_and_damage_is_told(string way)
    {
        Require.Tool(way.Split(' ')[0]);
        using var folder = new TemporaryFolder();
        string plain = folder.File("plain.sql"), one = folder.File("one"), file = folder.File("dump");
        var random = new Random(5);
        File.WriteAllText(plain, string.Concat(Enumerable.Range(0, 8000).Select(i => $"INSERT INTO t VALUES ({i},'{random.NextInt64():x}{random.NextInt64():x}');\n")));
        Shell.Run("bash", "-c", $"{way} -c <{plain} >{one}");
        byte[] bytes = File.ReadAllBytes(one);

        Assert.Equal(8000, Rows(one));
        foreach (int more in new[] { 1, 2 })
        {
            File.WriteAllBytes(file, [.. Enumerable.Repeat(bytes, more + 1).SelectMany(copy => copy)]);
            Assert.Equal(8000 * (more + 1), Rows(file));
        }
        bool isChecked = !way.Contains("--no-check") && !way.Contains("none") && !way.Contains("sha256");
        foreach (int cut in new[] { 1, 3, 8, 11, 13, bytes.Length / 2, bytes.Length - 12 })
        {
            File.WriteAllBytes(file, bytes[..^cut]);
            Assert.True(File.ReadAllBytes(plain).AsSpan().StartsWith(Whole(file)), $"{way}: what comes out of a file without its last {cut} bytes is not how it begins");
            Assert.Contains("cut off or damaged", Assert.Throws<CorruptException>(() => Rows(file)).Message, StringComparison.Ordinal);
            // Of a further member, frame or stream something is there.
            File.WriteAllBytes(file, [.. bytes, .. bytes[..^cut]]);
            Assert.Throws<CorruptException>(() => Rows(file));
        }
        for (int i = 0; i < 25; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[random.Next(20, bytes.Length - 20)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(file, damaged);
            if (isChecked)
                Assert.Throws<CorruptException>(() => Rows(file));
            else
                Assert.True(Record(() => Rows(file)) is null or CorruptException or UnsupportedException);
        }
    }

    private static Exception? Record(Action action) => Xunit.Record.Exception(action);

    private static long Rows(string file)
    {
        using DumpInput input = DumpInput.Open([file]);
        DumpIndex index = DumpIndex.Read(input);
        return index.Tails is [.., { State: DumpTailState.Truncated } cut] ? throw new CorruptException(cut.Why, null) : index.Objects.Single().Rows;
    }

    /// <summary>How much comes out before the damage is told.</summary>
    private static byte[] Whole(string file)
    {
        using var input = DumpFile.Open(file);
        using DumpStream stream = input.OpenRead();
        using var all = new MemoryStream();
        byte[] buffer = new byte[10_000];
        Assert.Throws<CorruptException>(() =>
        {
            for (int read; (read = stream.Read(buffer)) > 0;)
                all.Write(buffer, 0, read);
        });
        return all.ToArray();
    }
}
