using System.Globalization;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;

namespace Jumpbag.Finding;

/// <summary>The tests of find(1) that take a number or a file.</summary>
public static class FindTests
{
    private const long Day = 86_400;

    /// <summary>"+10M": sizes are rounded up to whole units before they are compared, as find(1) does.</summary>
    public static Func<Visit, bool> Size(string text)
    {
        long unit = text.Length == 0 ? 0 : text[^1] switch
        {
            'c' => 1,
            'w' => 2,
            'k' => 1 << 10,
            'M' => 1 << 20,
            'G' => 1 << 30,
            'b' or (>= '0' and <= '9') => 512,
            _ => 0,
        };
        string number = unit == 0 ? "" : char.IsAsciiDigit(text[^1]) ? text : text[..^1];
        Func<long, bool> compare = Comparison(number) ?? throw new UsageException($"-size {text}: not a size", "such as +1M, -100k, 4096c");
        return file => compare((file.Node.Node.Size + unit - 1) / unit);
    }

    /// <summary>"-1": within the last day; fractions of days fall away before the comparison, as find(1) does.</summary>
    public static Func<Visit, bool> ModifiedDaysAgo(string text, long now)
    {
        Func<long, bool> compare = Comparison(text) ?? throw new UsageException($"-mtime {text}: not a number of days", "such as -1 for the last day, +30 for longer ago than 30 days");
        return file => compare((now - file.Node.Node.Modified.Seconds) / Day);
    }

    /// <summary>When the file that -newer names was changed: a path on the disk, or one of this machine that begins with "./".</summary>
    public static Timestamp ReferenceTime(string reference, Place place)
    {
        if (!reference.StartsWith("./", StringComparison.Ordinal))
            return place.Tree.Lookup(ByteString.FromArgument(reference)).Node.Modified;
        if (!PlaceOpener.Exists(reference))
            throw new NotFoundException($"-newer {reference}: no such file on this machine");
        long ticks = File.GetLastWriteTimeUtc(reference).Ticks - DateTime.UnixEpoch.Ticks;
        long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
        return rest < 0 ? new(seconds - 1, (int)((rest + TimeSpan.TicksPerSecond) * 100)) : new(seconds, (int)(rest * 100));
    }

    private static Func<long, bool>? Comparison(string text)
    {
        char sign = text.Length > 0 ? text[0] : ' ';
        return !long.TryParse(sign is '+' or '-' ? text.AsSpan(1) : text, NumberStyles.None, CultureInfo.InvariantCulture, out long wanted) ? null
            : sign switch
            {
                '+' => value => value > wanted,
                '-' => value => value < wanted,
                _ => value => value == wanted,
            };
    }
}
