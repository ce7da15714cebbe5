using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit;

public sealed class ByteSizeTests
{
    /// <summary>The machine's own ls, of files that are all hole.</summary>
    [Fact]
    public void the_ceiling_of_a_size_is_what_ls_shows()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(1);
        List<long> sizes = [0, 1, 1023, 1024, 1025, 10_188, 10_189, 10_239, 10_240, 10_241, 40_000, 1_047_552, 1_047_553, 1_048_575, 1_048_576, 1_048_577, 1L << 40, (1L << 40) - 1];
        for (int i = 0; i < 200; i++)
            sizes.Add(random.NextInt64(1L << random.Next(1, 43)));
        sizes = [.. sizes.Distinct()];
        foreach (long size in sizes)
            using (FileStream file = File.Create(folder.File(size.ToString(CultureInfo.InvariantCulture))))
                file.SetLength(size);
        Dictionary<string, string> shown = Shell.Run("ls", "-lh", "--time-style=+", folder.Path).Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(words => words.Length == 6).ToDictionary(words => words[5], words => words[4]);
        Assert.Equal(sizes.Select(size => $"{size} {shown[size.ToString(CultureInfo.InvariantCulture)]}"), sizes.Select(size => $"{size} {ByteSize.Ceiling(size)}"));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-5, "-5")]
    [InlineData(long.MaxValue, "8.0E")]
    public void sizes_that_no_file_here_has_are_shown_too(long size, string shown) => Assert.Equal(shown, ByteSize.Ceiling(size));

    [Theory]
    [InlineData(0, 100, 0L)]
    [InlineData(1, 1000, 1L)]
    [InlineData(990, 1000, 99L)]
    [InlineData(991, 1000, 100L)]
    [InlineData(long.MaxValue, long.MaxValue, 100L)]
    [InlineData(5, 0, null)]
    public void a_share_is_rounded_up(long part, long whole, long? percent) => Assert.Equal(percent, ByteSize.Percent(part, whole));
}
