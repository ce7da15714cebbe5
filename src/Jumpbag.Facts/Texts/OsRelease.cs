namespace Jumpbag.Facts.Texts;

/// <summary>os-release(5): NAME=value, the value in quotes or not.</summary>
public static class OsRelease
{
    /// <summary>Systems that are booted to repair others.</summary>
    private static readonly string[] RescueSystems = ["systemrescue", "systemrescuecd", "grml", "hrmpf", "clonezilla", "gparted", "finnix", "rescuezilla", "kali-live"];

    public static string? Value(string text, string name)
    {
        foreach (string line in text.Split('\n'))
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == '=')
                return line[(name.Length + 1)..].Trim().Trim('"', '\'');
        return null;
    }

    public static string? PrettyName(string text) => Value(text, "PRETTY_NAME") ?? Value(text, "NAME");

    public static bool IsRescueSystem(string text) => Array.IndexOf(RescueSystems, Value(text, "ID")?.ToLowerInvariant()) >= 0;
}
