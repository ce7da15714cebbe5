using System.Globalization;

namespace Jumpbag.Facts.Texts;

/// <summary>A file of /proc/pressure: "some avg10=1.53 avg60=0.87 avg300=0.21 total=8123", and "full" likewise.</summary>
/// <remarks>https://docs.kernel.org/accounting/psi.html: percent of the time in which some, or all, tasks waited for it.</remarks>
public sealed record Pressure(double Some10, double Some60, double Full10, double Full60)
{
    public static Pressure? Parse(string text)
    {
        double some10 = 0, some60 = 0, full10 = 0, full60 = 0;
        bool any = false;
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ');
            if (words is ["some", var ten, var sixty, ..])
                any |= Value(ten, "avg10=", out some10) && Value(sixty, "avg60=", out some60);
            else if (words is ["full", var allTen, var allSixty, ..])
                any |= Value(allTen, "avg10=", out full10) && Value(allSixty, "avg60=", out full60);
        }
        return any ? new(some10, some60, full10, full60) : null;
    }

    private static bool Value(string word, string name, out double value)
    {
        value = 0;
        return word.StartsWith(name, StringComparison.Ordinal) && double.TryParse(word[name.Length..], CultureInfo.InvariantCulture, out value);
    }
}
