using Jumpbag.Host;

namespace Jumpbag.Piping;

/// <summary>Moves bytes and counts the lines among them. Where only some lines may go, the rest of what was read waits here.</summary>
public sealed class LineMover(DataStream output, byte separator)
{
    private readonly byte[] buffer = new byte[128 << 10];
    private int start;
    private int end;

    /// <summary>Moves what there is, with at most so many lines ended in it; bytes are moved also where no line ends.</summary>
    public Moved Move(DataStream input, long most, out long lines)
    {
        lines = 0;
        if (start == end)
        {
            start = 0;
            Errno error = input.Read(buffer, out end);
            if (error != Errno.None || end == 0)
                return new(0, error == Errno.None ? MoveEnd.EndOfInput : MoveEnd.InputFailed, error);
        }
        ReadOnlySpan<byte> data = buffer.AsSpan(start, end - start);
        lines = data.Count(separator);
        if (lines > most)
            data = data[..EndOfLine(data, lines = most)];
        Errno failed = output.Write(data, out int written);
        start += written;
        if (failed == Errno.None)
            return new(written, MoveEnd.More);
        lines = data[..written].Count(separator);
        return new(written, MoveEnd.OutputFailed, failed);
    }

    /// <summary>Bytes up to and with the end of a line, counted from 1.</summary>
    private int EndOfLine(ReadOnlySpan<byte> data, long line)
    {
        int at = 0;
        for (; line > 0; line--)
            at += data[at..].IndexOf(separator) + 1;
        return at;
    }
}
