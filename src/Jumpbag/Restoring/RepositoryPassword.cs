using System.Text;
using Jumpbag.Backup.Tiers;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Restoring;

/// <summary>Where the password of a repository comes from: what the person names, what restic would take, or the terminal.</summary>
internal static class RepositoryPassword
{
    private const int MostBytes = 1 << 16;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <param name="file">Of --password-file, or null.</param>
    /// <param name="place">Whose password is asked for.</param>
    /// <exception cref="FailedException">There is none.</exception>
    public static byte[] Find(string? file, string place)
    {
        if ((file ?? Variable("RESTIC_PASSWORD_FILE")) is { } named)
            return FromFile(named);
        if (Variable("RESTIC_PASSWORD_COMMAND") is { } command)
            return FromCommand(command, "RESTIC_PASSWORD_COMMAND");
        if (Variable("RESTIC_PASSWORD") is { } password)
            return Encoding.UTF8.GetBytes(password);
        return TerminalPrompt.AskHidden($"Password of the repository {place}: ") is { } typed ? Encoding.UTF8.GetBytes(typed)
            : throw new FailedException($"{place}: the repository needs a password", "--password-file FILE; restic's RESTIC_PASSWORD_FILE, RESTIC_PASSWORD_COMMAND and RESTIC_PASSWORD are used too");
    }

    /// <summary>Of a configured copy.</summary>
    /// <exception cref="FailedException">It cannot be had.</exception>
    public static byte[] Of(BackupCopy copy) => copy.Password switch
    {
        { File: { } file } => FromFile(file),
        { Command: { } command } => FromCommand(command, $"the password-command of {copy.Name}"),
        { Variable: { } name } => Variable(name) is { } value ? Encoding.UTF8.GetBytes(value) : throw new FailedException($"{copy.Name}: the environment has no {name}", $"it holds the password, as password-env in [copies.{copy.Name}] says"),
        _ => Find(null, copy.Name),
    };

    /// <summary>The end of the line is no part of it, nor is any other space around it: so restic has it.</summary>
    private static byte[] FromFile(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            var content = new byte[MostBytes];
            int length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return length < MostBytes ? Trimmed(content.AsSpan(0, length)) : throw new FailedException($"{file}: is no password file: it has more than {MostBytes} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{file}: the password cannot be read: {e.Message}", null, e);
        }
    }

    private static byte[] FromCommand(string command, string what)
    {
        ProgramRun run = ProgramRun.Of("sh", ["-c", command], Patience);
        return run.Succeeded ? Trimmed(Encoding.UTF8.GetBytes(run.Output)) : throw new FailedException($"{what} failed: {run.Complaint}");
    }

    private static byte[] Trimmed(ReadOnlySpan<byte> text) => text.Trim(" \t\r\n\v\f"u8).ToArray();

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
