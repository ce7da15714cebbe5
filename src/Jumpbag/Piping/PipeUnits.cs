using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Piping;

/// <summary>Amounts and times as pv writes and reads them; people's eyes and scripts know these by heart.</summary>
public static class PipeUnits
{
    private const string Suffixes = "kmgtp";

    private static readonly string[] ByteUnits = [" B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    private static readonly string[] LineUnits = [" ", "k", "M", "G", "T", "P", "E"];

    /// <summary>Bytes in steps of 1024, "60.0MiB" and " 120MiB", or lines in steps of 1000, "3.00M": three digits, four where they are needed.</summary>
    public static string Amount(double value, bool lines)
    {
        int unit = 0;
        double step = lines ? 1000 : 1024;
        while (value >= step && unit < ByteUnits.Length - 1)
        {
            value /= step;
            unit++;
        }
        string number = value > 99.9
            ? Math.Floor(value).ToString(CultureInfo.InvariantCulture).PadLeft(4)
            : value.ToString(value >= 9.995 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
        return number + (lines ? LineUnits : ByteUnits)[unit];
    }

    /// <summary>"0:01:45", with days in front where there are some: "1:02:03:04".</summary>
    public static string Duration(TimeSpan time) => time.Days > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.Days}:{time.Hours:00}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Hours}:{time.Minutes:00}:{time.Seconds:00}");

    /// <summary>A number from 0 up, with a point if need be, and k, m, g, t or p (either case) for powers of 1024.</summary>
    public static long ParseAmount(string option, string text)
    {
        int power = text.Length == 0 ? -1 : Suffixes.IndexOf(char.ToLowerInvariant(text[^1]), StringComparison.Ordinal);
        if (!decimal.TryParse(power < 0 ? text : text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            throw new UsageException($"{option}: '{text}' is not an amount", "an amount is a number, with k, m, g or t for powers of 1024: 500, 64k, 1.5g");
        for (; power >= 0 && number <= long.MaxValue; power--)
            number *= 1024;
        return number <= long.MaxValue ? (long)number : throw new UsageException($"{option}: {text} is too much");
    }

    /// <summary>A number of seconds from 0 up, with a point if need be.</summary>
    public static TimeSpan ParseSeconds(string option, string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds <= 1e8
            ? TimeSpan.FromSeconds(seconds)
            : throw new UsageException($"{option}: '{text}' is not a number of seconds", "such as 2 or 0.5");
}
