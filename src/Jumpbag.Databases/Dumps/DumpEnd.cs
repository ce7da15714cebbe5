using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Databases.Dumps.Scanning;

namespace Jumpbag.Databases.Dumps;

/// <summary>Looks whether inputs are complete, before anything is loaded.</summary>
public static class DumpEnd
{
    private const int Last = 64 << 10;

    /// <summary>
    /// From the first and last bytes of a plain regular file, at once: true of what it says, but a dump that is cut and then goes on
    /// in its middle shows only when it is read. Null where that can't be told at once: of what is compressed or a pipe, and of a program that
    /// ends its dumps by nothing.
    /// </summary>
    public static DumpTail? Glance(DumpFile file, int index = 0)
    {
        if (file.PlainLength is not { } length)
            return null;
        byte[] last = new byte[Math.Min(length, Last)];
        try
        {
            using var handle = File.OpenHandle(file.Path!);
            for (int done = 0; done < last.Length;)
            {
                int read = RandomAccess.Read(handle, last.AsSpan(done), length - last.Length + done);
                if (read == 0)
                    throw new FailedException($"{file.Name}: has become shorter");
                done += read;
            }
        }
        catch (IOException e)
        {
            throw new FailedException($"{file.Name}: {e.Message}", null, e);
        }
        ReadOnlySpan<byte> head = file.PlainHead.Span;
        ReadOnlySpan<byte> end = last.AsSpan().TrimEnd(" \t\r\n\0"u8);
        bool hasTrailer = false, hasRestore = false, isComment = false;
        foreach (Range range in end.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = end[range].TrimEnd((byte)'\r');
            hasTrailer |= TailEvidence.IsTrailer(line);
            hasRestore |= TailEvidence.IsRestore(line);
            isComment = line.StartsWith("--"u8) || line.StartsWith("#"u8) || line.StartsWith("\\unrestrict"u8) || line.StartsWith("\\."u8);
            // A trailer is one only where nothing but comments follows.
            hasTrailer &= isComment || line.IsEmpty || TailEvidence.IsTrailer(line);
        }
        if (hasTrailer)
            return new(DumpTailState.Complete, index, length, "it ends as its program ends a dump");
        if (TailEvidence.WritesTrailer(head))
            return new(DumpTailState.Truncated, index, length, TailEvidence.Missing(trailer: true));
        if (TailEvidence.WritesRestore(head))
            return hasRestore ? new(DumpTailState.Complete, index, length, "it ends as its program ends a dump")
                : new(DumpTailState.Truncated, index, length, TailEvidence.Missing(trailer: false));
        return null;
    }

    /// <summary>By reading it all: how each input ends. Stops at the first that is cut.</summary>
    /// <exception cref="CorruptException">The compressed data is damaged or cut.</exception>
    public static IReadOnlyList<DumpTail> Verify(DumpInput input, DumpReaderOptions? options = null, Action? step = null) =>
        DumpIndex.Read(input, options, step).Tails;
}
