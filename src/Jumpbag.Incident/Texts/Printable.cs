using System.Globalization;
using System.Text;

namespace Jumpbag.Incident.Texts;

/// <summary>What people typed, on one line that can neither move a cursor, nor begin a line of its own, nor turn its direction.</summary>
public static class Printable
{
    public static string Line(string text)
    {
        if (text.All(c => c is >= ' ' and < '\x7F'))
            return text;
        var line = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value == '\n')
                line.Append(@"\n");
            else if (rune.Value == '\t')
                line.Append(' ');
            else if (IsShown(rune))
                line.Append(rune.ToString());
            else
                line.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        }
        return line.ToString();
    }

    private static bool IsShown(Rune rune) => rune.Value is 0x200D // Joins what some scripts and pictures write as one.
        || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
