using System.Text;
using Jumpbag.Core;
using Jumpbag.Storage.Lvm;

namespace Jumpbag.Tests.Fuzz.Lvm;

/// <summary>Alone, since the memory that others take meanwhile would be counted.</summary>
[CollectionDefinition(nameof(LargestTexts), DisableParallelization = true)]
[Collection(nameof(LargestTexts))]
public class LargestTexts
{
    [Fact]
    public void the_largest_texts_stay_within_bounds()
    {
        // Sections cost the most memory for their bytes; the text is as long as one may be.
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 600_000).Select(number => $"s{number:x6}{{}}\n")));
        Assert.InRange(text.Length, 5 << 20, 8 << 20);
        long before = GC.GetTotalMemory(true);
        Assert.Throws<UnsupportedException>(() => ConfigText.Parse(text, out _));
        ConfigSection largest = ConfigText.Parse(text.AsSpan(0, text.Length / 600_000 * ConfigText.MaxValues), out int count);
        Assert.Equal(ConfigText.MaxValues, count);
        Assert.InRange(GC.GetTotalMemory(true) - before, 0, 80L << 20);
        GC.KeepAlive(largest);
    }
}
