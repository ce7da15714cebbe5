using System.Globalization;

namespace Jumpbag.Databases.Servers;

/// <summary>What a server says it is.</summary>
public sealed class ServerVersion
{
    private ServerVersion(string text, bool isMariaDb, Version number) => (Text, IsMariaDb, Number) = (text, isMariaDb, number);

    /// <summary>As the server gives it: "10.11.6-MariaDB-0+deb12u1", "8.0.36", "15.6 (Debian 15.6-0+deb12u1)".</summary>
    public string Text { get; }

    public bool IsMariaDb { get; }

    public Version Number { get; }

    public override string ToString() => Text;

    internal static ServerVersion Parse(string text)
    {
        // MariaDB puts an old number before its own, for old replicas.
        const string Prefix = "5.5.5-";
        if (text.StartsWith(Prefix, StringComparison.Ordinal) && text.Contains("MariaDB", StringComparison.OrdinalIgnoreCase))
            text = text[Prefix.Length..];
        var numbers = new List<int>();
        foreach (string part in text.Split(['.', '-', '+', ' ', '_'], 4))
        {
            if (numbers.Count == 3 || !int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                break;
            numbers.Add(number);
        }
        while (numbers.Count < 3)
            numbers.Add(0);
        return new(text, text.Contains("MariaDB", StringComparison.OrdinalIgnoreCase), new(numbers[0], numbers[1], numbers[2]));
    }
}
