using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Terminal;

namespace Jumpbag.Piping;

/// <param name="Separator">What ends a line, where lines are counted; null where bytes are.</param>
/// <param name="StopAt">Bytes (or lines) after which it ends.</param>
public sealed record PipeCopyRules(byte? Separator, RateLimit? Limit, long? StopAt, bool WithinKernel, bool SkipsErrors);

/// <summary>Copies sources to standard output one after the other, counting.</summary>
public sealed class PipeCopy(PipeCopyRules rules, PipeCounter counter, DataStream output, EventSink events)
{
    /// <summary>Moved in one call at most: enough for full speed, and little enough to be counted often on a slow disk.</summary>
    private const int Piece = 512 << 10;

    /// <summary>Where an unreadable place may end: the kernel reads files and disks by pages.</summary>
    private const int Page = 4096;

    private LineMover? lineMover;
    private (long Offset, long Length) unreadable;

    private bool IsDone => rules.StopAt is { } end && counter.Done >= end;

    /// <summary>Copies one source to its end; false where it could not be read to there, which was told.</summary>
    public bool Copy(DataStream input, string name)
    {
        if (rules.Limit is null)
        {
            input.EnlargePipe();
            output.EnlargePipe();
        }
        var mover = new StreamMover(input, output, rules.WithinKernel);
        while (!IsDone)
        {
            long most = Math.Min(Piece, rules.Limit?.Wait() ?? Piece);
            if (rules.StopAt is { } end)
                most = Math.Min(most, end - counter.Done);
            long lines = 0;
            Moved moved = rules.Separator is { } separator ? (lineMover ??= new(output, separator)).Move(input, most, out lines) : mover.Move(most);
            Count(moved.Count, lines);
            if (moved.End == MoveEnd.More)
            {
                TellUnreadable(name);
            }
            else if (moved.End == MoveEnd.OutputFailed)
            {
                throw Failure(moved.Error);
            }
            else if (moved.End == MoveEnd.EndOfInput || !Skip(input, moved.Error))
            {
                TellUnreadable(name);
                if (moved.End == MoveEnd.InputFailed)
                    TellFailure(input, name, moved.Error);
                return moved.End == MoveEnd.EndOfInput;
            }
        }
        TellUnreadable(name);
        return true;
    }

    private static Exception Failure(Errno error) => error == Errno.BrokenPipe ? new BrokenPipeException() : error.Failed("standard output");

    private static bool IsBadSector(Errno error) => error is Errno.InputOutput or Errno.NoData or Errno.RemoteInputOutput;

    private void Count(long bytes, long lines)
    {
        if (bytes == 0)
            return;
        long amount = rules.Separator is null ? bytes : lines;
        counter.Add(amount);
        rules.Limit?.Took(amount);
    }

    /// <summary>Writes zeros for the page that could not be read and goes on behind it; false where that is not wanted or can't be.</summary>
    private bool Skip(DataStream input, Errno error)
    {
        if (!rules.SkipsErrors || !IsBadSector(error) || input.Position() is not { } position || input.Remaining() is not { } remaining || remaining == 0)
            return false;
        int length = (int)Math.Min(Page - position % Page, remaining);
        if (rules.StopAt is { } end && rules.Separator is null)
            length = (int)Math.Min(length, end - counter.Done);
        if (input.Skip(length) != Errno.None)
            return false;
        Errno failed = output.Write(new byte[length], out int written);
        Count(written, rules.Separator == 0 ? written : 0);
        if (failed != Errno.None)
            throw Failure(failed);
        unreadable = unreadable.Length == 0 ? (position, length) : unreadable with { Length = unreadable.Length + length };
        return true;
    }

    private void TellUnreadable(string name)
    {
        if (unreadable.Length > 0)
            events(new FileDamaged(name, new("cannot be read; zeros stand for it", unreadable.Offset, unreadable.Length)));
        unreadable = default;
    }

    private void TellFailure(DataStream input, string name, Errno error)
    {
        bool isHalfway = IsBadSector(error) && input.Position() is not null;
        events(new SourceFailed(name, isHalfway ? $"byte {input.Position()}: {error.Describe()}" : error.Describe(),
            isHalfway ? "--skip-errors goes on behind what cannot be read, with zeros in its place" : null));
    }
}
