using System.Globalization;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Locators;
using Jumpbag.Host;

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

    /// <summary>
    /// When the file that -newer names was changed. A path that begins with "/" is one of the disk that is searched, any other is
    /// one of this machine, and what has ":/" in it and is no file of this machine is a locator. As in find(1), a symbolic
    /// link stands for itself.
    /// </summary>
    public static Timestamp ReferenceTime(string reference, Place place, PlaceOpener places)
    {
        bool onThisMachine = FileStatus.Of(ByteString.FromArgument(reference), out FileStatus status) == Errno.None;
        if (reference.StartsWith('/'))
        {
            try
            {
                return (place with { Path = ByteString.FromArgument(reference) }).Lookup(followLast: false).Node.Modified;
            }
            catch (NotFoundException e) when (onThisMachine)
            {
                throw new NotFoundException(e.Message, $"the one of this machine is -newer {Path.GetRelativePath(Environment.CurrentDirectory, reference)}");
            }
        }
        return onThisMachine ? status.Modified
            : reference.Contains(":/", StringComparison.Ordinal) ? places.Open(reference).Lookup(followLast: false).Node.Modified
            : throw new NotFoundException($"-newer {reference}: no such file on this machine", "a path of the disk begins with /, a locator has :/ in it");
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
