namespace Jumpbag.Facts.Texts;

/// <summary>What sudo notes: "anna : TTY=pts/0 ; PWD=/home/anna ; USER=root ; COMMAND=/usr/bin/apt upgrade".</summary>
public sealed record SudoLine(DateTimeOffset Time, string User, string As, string Command)
{
    public static SudoLine? Of(LogLine line)
    {
        if (line.Program != "sudo" || line.Text.IndexOf(" : ", StringComparison.Ordinal) is not (> 0 and var colon) || line.Text.IndexOf("COMMAND=", StringComparison.Ordinal) is not (> 0 and var command))
            return null;
        string? target = line.Text.Split(" ; ").Select(part => part.Trim()).FirstOrDefault(part => part.StartsWith("USER=", StringComparison.Ordinal))?["USER=".Length..];
        return new(line.Time, line.Text[..colon].Trim(), target ?? "root", line.Text[(command + "COMMAND=".Length)..]);
    }
}
