using System.Globalization;
using System.Text;

namespace Jumpbag.Databases.Servers;

/// <summary>Values of an answer by the names of their columns.</summary>
public static class Answers
{
    public static IEnumerable<Dictionary<string, string?>> Rows(this QueryResult result)
    {
        foreach (byte[]?[] row in result.Rows)
        {
            var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
            for (int i = 0; i < row.Length && i < result.Columns.Count; i++)
                values[result.Columns[i].ToString()] = row[i] is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
            yield return values;
        }
    }

    /// <summary>Of rows of a name and a value, as SHOW STATUS gives them.</summary>
    public static Dictionary<string, string> Pairs(this QueryResult result)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (byte[]?[] row in result.Rows)
            if (row is [{ } name, { } value, ..])
                pairs[Encoding.UTF8.GetString(name)] = Encoding.UTF8.GetString(value);
        return pairs;
    }

    public static string? First(this Dictionary<string, string?> row, params string[] names) => names.Select(row.GetValueOrDefault).FirstOrDefault(value => !string.IsNullOrEmpty(value));

    public static double? Number(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;
}
