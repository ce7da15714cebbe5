using System.Globalization;

namespace Jumpbag.Core;

/// <summary>Sizes for people: binary units with one digit after the point below ten, as <c>ls -h</c> and <c>lsblk</c> show them.</summary>
public static class ByteSize
{
    private static readonly string[] Units = ["B", "K", "M", "G", "T", "P", "E"];

    /// <summary>"512B", "1.5K", "48G". Never rounds up to a value that is not reached by more than half a step.</summary>
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
}
