using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.Host;

namespace Jumpbag.Backup.Sources;

/// <summary>The output of a command, read in order.</summary>
internal sealed class CommandContent : SourceContent
{
    private const int Patience = 100;

    private const string Bash = "/bin/bash";

    private readonly string command;
    private readonly OutputJob job;
    private readonly CancellationToken stop;
    private bool isOver;

    private CommandContent(string command, OutputJob job, CancellationToken stop) => (this.command, this.job, this.stop) = (command, job, stop);

    /// <summary>By bash where there is one, since it tells of the failure of any command of a pipeline: half a dump that was compressed well is none.</summary>
    public static CommandContent Start(string command, CancellationToken stop) => new(command,
        File.Exists(Bash) ? OutputJob.Start(Bash, ["bash", "-o", "pipefail", "-c", command]) : OutputJob.Start("/bin/sh", ["sh", "-c", command]), stop);

    /// <summary>As restic describes what it reads from its standard input.</summary>
    public override string? Status(out SourceFile file, Action<string> unread)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var time = new Timestamp(now.ToUnixTimeSeconds(), (int)(now.Ticks % TimeSpan.TicksPerSecond) * 100);
        file = new()
        {
            Type = FileType.Regular,
            Permissions = 0x1A4,
            Uid = ThisMachine.UserId,
            Gid = ThisMachine.GroupId,
            Inode = 0,
            Device = 0,
            // Not known: read by large pieces.
            Size = long.MaxValue - 1,
            Links = 1,
            Modified = time,
            Changed = time,
            Xattrs = [],
        };
        return null;
    }

    /// <exception cref="FailedException">The command failed.</exception>
    public override string? Read(Span<byte> destination, long offset, out int count)
    {
        count = 0;
        while (count < destination.Length && !isOver)
        {
            stop.ThrowIfCancellationRequested();
            int read = job.Read(destination[count..]);
            count += read;
            if (read > 0)
                continue;
            if (job.IsOpen)
                OutputJob.WaitAny([job], Patience);
            else
                End();
        }
        return null;
    }

    public override void Dispose()
    {
        if (!isOver)
            job.Abandon();
        job.Dispose();
    }

    /// <summary>Its output has ended: only now it is known whether that was all.</summary>
    private void End()
    {
        JobEnd? end;
        while ((end = job.End(TimeSpan.FromMilliseconds(Patience))) is null)
            stop.ThrowIfCancellationRequested();
        isOver = true;
        if (end.Value.Status != 0)
            throw new FailedException($"'{command}' ended with status {end.Value.Status}{(job.Errors.Trim() is { Length: > 0 } said ? $": {said.Split('\n')[^1]}" : "")}", "nothing of it was saved: half a dump is none");
    }
}
