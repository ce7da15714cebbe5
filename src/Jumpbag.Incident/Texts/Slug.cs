using System.Globalization;
using System.Text;

namespace Jumpbag.Incident.Texts;

/// <summary>Names of incidents, which are names of files: small letters, digits and hyphens only.</summary>
public static class Slug
{
    private const int MostLetters = 40;

    public static string Of(string title, DateTimeOffset day)
    {
        var text = new StringBuilder();
        foreach (char c in title.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c))
                text.Append(c);
            else if (text.Length > 0 && text[^1] != '-' && c != '\'')
                text.Append('-');
            if (text.Length >= MostLetters)
                break;
        }
        string words = text.ToString().Trim('-');
        return day.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + "-" + (words.Length == 0 ? "incident" : words);
    }

    public static bool IsOne(string id) => id.Length is > 0 and <= 100 && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && id[0] != '-';
}
