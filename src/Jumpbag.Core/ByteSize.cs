using System.Globalization;
using System.Numerics;

namespace Jumpbag.Core;

/// <summary>Sizes for people, in binary units.</summary>
public static class ByteSize
{
    private static readonly string[] Units = ["B", "K", "M", "G", "T", "P", "E"];

    /// <summary>To the nearest, with one digit after the point, as lsblk(8) shows them: "512B", "1.5K", "48G". Never rounds up to a value that is not reached by more than half a step.</summary>
    public static string Format(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (Math.Abs(value) >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }
        string number = unit == 0 || Math.Abs(value) >= 99.95 || value == Math.Floor(value)
            ? Math.Round(value).ToString(CultureInfo.InvariantCulture)
            : value.ToString("0.0", CultureInfo.InvariantCulture);
        return number + Units[unit];
    }

    /// <summary>
    /// As GNU's <c>ls -h</c> and <c>df -h</c> show them: always rounded up, with one digit after the point below ten, bytes
    /// without a letter: "512", "1.0K", "40K". No size is shown smaller than it is.
    /// </summary>
    public static string Ceiling(long bytes)
    {
        if (bytes < 1024)
            return bytes.ToString(CultureInfo.InvariantCulture);
        int unit = (63 - BitOperations.LeadingZeroCount((ulong)bytes)) / 10;
        long step = 1L << (10 * unit);
        Int128 tenths = ((Int128)bytes * 10 + step - 1) / step;
        if (tenths < 100)
            return string.Create(CultureInfo.InvariantCulture, $"{(long)tenths / 10}.{(long)tenths % 10}{Units[unit]}");
        Int128 whole = ((Int128)bytes + step - 1) / step;
        return whole == 1024 && unit + 1 < Units.Length ? "1.0" + Units[unit + 1] : string.Create(CultureInfo.InvariantCulture, $"{(long)whole}{Units[unit]}");
    }

    /// <summary>A number and K, M, G or T: "5G", "1.5M"; null where it is none. A bare number is none: some programs take it for bytes, others for megabytes.</summary>
    public static long? Parse(string text)
    {
        int power = text.Length < 2 ? -1 : "KMGT".IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        return power >= 0 && decimal.TryParse(text.AsSpan(..^1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) && number > 0 && number < 1 << 20
            ? (long)(number * (1L << (10 * (power + 1)))) : null;
    }

    /// <summary>A part of a whole in percent, rounded up as df(1) does: what is full to 99.1% is shown as 100%. Null of nothing.</summary>
    public static long? Percent(long part, long whole) => whole <= 0 ? null : (long)(((Int128)part * 100 + whole - 1) / whole);
}
