namespace Jumpbag.Host;

/// <summary>Words as a shell takes them, for lines that a person may copy.</summary>
public static class ShellWord
{
    /// <summary>The word in quotes, where it needs them. A "{}" does not, as the place of a folder; other braces would be expanded.</summary>
    public static string Quote(string word) => word.Length > 0 && word.Replace("{}", "", StringComparison.Ordinal).All(c => char.IsAsciiLetterOrDigit(c) || "/._-+=:@%,".Contains(c, StringComparison.Ordinal))
        ? word : "'" + word.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
}
