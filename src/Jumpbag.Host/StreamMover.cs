namespace Jumpbag.Host;

/// <summary>How one step of a copy ended.</summary>
public enum MoveEnd
{
    More,
    EndOfInput,
    InputFailed,
    OutputFailed,
}

/// <summary>What one step moved, and how it ended; the error is that of the side that failed.</summary>
public readonly record struct Moved(long Count, MoveEnd End, Errno Error = Errno.None);

/// <summary>
/// Moves bytes from one stream to another, within the kernel where it can: splice(2) where either is a pipe, sendfile(2)
/// from a file or disk. Whatever such a call cannot do or say (also the end of the input, which some files of /proc report
/// to them too early) is left to read(2) and write(2): these tell which side an error belongs to.
/// </summary>
public sealed unsafe class StreamMover
{
    private const int BufferSize = 128 << 10;

    private readonly DataStream input, output;
    private Way way;
    private byte[]? buffer;

    public StreamMover(DataStream input, DataStream output, bool withinKernel = true)
    {
        this.input = input;
        this.output = output;
        // A terminal's end of input, Ctrl-D, is told once only: it must be a read that hears it.
        way = !withinKernel || input.IsTerminal || output.IsTerminal ? Way.ReadAndWrite
            : input.Status.IsPipe || output.Status.IsPipe ? Way.Splice
            : input.Status.IsRegular || input.Status.IsBlockDevice ? Way.SendFile : Way.ReadAndWrite;
    }

    private enum Way
    {
        Splice,
        SendFile,
        ReadAndWrite,
    }

    /// <summary>Moves what there is, from one byte to <paramref name="most"/>, and waits where there is nothing.</summary>
    public Moved Move(long most)
    {
        while (way != Way.ReadAndWrite)
        {
            nint count = way == Way.Splice
                ? Libc.splice(input.Descriptor, null, output.Descriptor, null, (nuint)most, 0)
                : Libc.sendfile(output.Descriptor, input.Descriptor, null, (nuint)most);
            if (count > 0)
                return new(count, MoveEnd.More);
            switch (count == 0 ? Errno.None : Libc.LastError)
            {
                case Errno.Interrupted:
                    break;
                case Errno.BrokenPipe:
                    return new(0, MoveEnd.OutputFailed, Errno.BrokenPipe);
                case Errno.Again:
                    // It may be either side that is not ready.
                    DataStream.Wait(input.Descriptor, Libc.PollIn);
                    DataStream.Wait(output.Descriptor, Libc.PollOut);
                    break;
                default:
                    way = Way.ReadAndWrite;
                    break;
            }
        }
        return Copy(most);
    }

    private Moved Copy(long most)
    {
        buffer ??= GC.AllocateUninitializedArray<byte>(BufferSize);
        Errno error = input.Read(buffer.AsSpan(0, (int)Math.Min(most, BufferSize)), out int count);
        if (error != Errno.None)
            return new(0, MoveEnd.InputFailed, error);
        if (count == 0)
            return new(0, MoveEnd.EndOfInput);
        error = output.Write(buffer.AsSpan(0, count), out int written);
        return error == Errno.None ? new(count, MoveEnd.More) : new(written, MoveEnd.OutputFailed, error);
    }
}
