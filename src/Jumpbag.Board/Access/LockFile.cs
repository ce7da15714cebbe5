using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Board.Access;

/// <summary>A file that one process at a time holds, to change what lies beside it.</summary>
internal sealed class LockFile : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private readonly FileHandle file;

    private LockFile(FileHandle file) => this.file = file;

    /// <exception cref="FailedException">Another process holds it for longer than any change takes.</exception>
    public static LockFile Take(string path)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            if (TryTake(path) is { } held)
                return held;
            if (Stopwatch.GetElapsedTime(begin) > Deadline)
                throw new FailedException($"{path}: another process has held it for {Deadline.TotalSeconds:0} seconds", "is a jumpbag stopped (Ctrl-Z)?");
            Thread.Sleep(5);
        }
    }

    /// <summary>Null where another process holds it.</summary>
    public static LockFile? TryTake(string path)
    {
        try
        {
            Folder.Make(Path.GetDirectoryName(path)!);
        }
        catch (PlaceException e)
        {
            throw new FailedException(e.Message, null, e);
        }
        FileHandle.Open(ByteString.FromArgument(path), 0x180, out FileHandle? file).ThrowIfFailed(path);
        bool locked = false;
        try
        {
            file!.TryLock(out locked).ThrowIfFailed(path);
        }
        finally
        {
            if (!locked)
                file!.Dispose();
        }
        return locked ? new(file!) : null;
    }

    public void Dispose() => file.Dispose();
}
