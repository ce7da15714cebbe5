namespace Jumpbag.Host;

/// <summary>Words as a shell takes them, for lines that a person may copy.</summary>
public static class ShellWord
{
    public static string Quote(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+=:@%,{}".Contains(c, StringComparison.Ordinal))
        ? word : "'" + word.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
}
