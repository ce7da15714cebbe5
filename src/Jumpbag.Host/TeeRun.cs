using System.Diagnostics;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>A program that was run with its output passed on as it came and kept too. It has the terminal's input; its output is a pipe.</summary>
public sealed unsafe class TeeRun
{
    private readonly string all;

    private TeeRun(JobEnd end, string all, string output)
    {
        End = end;
        this.all = all;
        Output = output;
    }

    public JobEnd End { get; }

    /// <summary>The last of what it wrote to standard output and standard error, in the order in which it came.</summary>
    public string Output { get; }

    /// <summary>Whether a text stood in what is kept of its output, which is far more than <see cref="Output"/>.</summary>
    public bool Held(string text) => all.Contains(text, StringComparison.Ordinal);

    /// <param name="mostOutput">Characters of <see cref="Output"/>.</param>
    /// <param name="silent">Whether nothing is passed on, and it gets nothing to read.</param>
    /// <param name="deadline">It is ended after that, and left alone where it doesn't end.</param>
    /// <exception cref="FailedException">It can't be started.</exception>
    public static TeeRun Of(string path, IReadOnlyList<string> arguments, int mostOutput, bool silent = false, TimeSpan? deadline = null)
    {
        const int MostKept = 4 << 20;
        int* output = stackalloc int[2], errors = stackalloc int[2];
        output[0] = output[1] = errors[0] = errors[1] = -1;
        using var nothing = new NullDevice();
        using var kept = new MemoryStream();
        try
        {
            Libc.Check(Libc.pipe2(output, Libc.CloseOnExec)).ThrowIfFailed("pipe");
            Libc.Check(Libc.pipe2(errors, Libc.CloseOnExec)).ThrowIfFailed("pipe");
            using Job child = Job.Start(new(path, [.. arguments.Select(ByteString.FromArgument)])
            {
                Input = silent ? nothing.Descriptor : 0,
                Output = output[1],
                Errors = errors[1],
                TakesTerminal = !silent,
            });
            Close(ref output[1]);
            Close(ref errors[1]);
            long begin = Stopwatch.GetTimestamp();
            JobEnd? ended = null;
            while (true)
            {
                bool any = Pass(ref output[0], 1) | Pass(ref errors[0], 2);
                // What inherited the pipes may outlive it: its own end is what counts, once the pipes are empty.
                if (ended is not null && !any)
                    return new(ended.Value, Text(0), Text(mostOutput));
                ended ??= child.Wait(any ? TimeSpan.Zero : TimeSpan.FromMilliseconds(20));
                if (ended is null && deadline is { } time && Stopwatch.GetElapsedTime(begin) > time)
                    ended = Abandon(child);
            }
        }
        finally
        {
            Close(ref output[0]);
            Close(ref output[1]);
            Close(ref errors[0]);
            Close(ref errors[1]);
        }

        bool Pass(ref int descriptor, int to)
        {
            if (descriptor < 0)
                return false;
            var wanted = new Libc.PollDescriptor { Descriptor = descriptor, Wanted = Libc.PollIn };
            if (Libc.poll(&wanted, 1, 0) <= 0)
                return false;
            byte* buffer = stackalloc byte[16 << 10];
            nint count = Libc.read(descriptor, buffer, 16 << 10);
            if (count < 0 && Libc.LastError == Errno.Interrupted)
                return true;
            if (count <= 0)
            {
                Close(ref descriptor);
                return false;
            }
            var bytes = new ReadOnlySpan<byte>(buffer, (int)count);
            // Nobody reads us any more: the program goes on all the same, its end is written down.
            if (!silent)
                _ = DataStream.Write(to, bytes, out int _);
            if (kept.Length + count > MostKept)
            {
                byte[] half = kept.ToArray()[(int)(kept.Length / 2)..];
                kept.SetLength(0);
                kept.Write(half);
            }
            kept.Write(bytes);
            return true;
        }

        string Text(int most)
        {
            string text = Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
            return most == 0 || text.Length <= most ? text : "…" + text[^most..];
        }
    }

    /// <summary>As a shell tells of one that a signal ended, also where even that does not end it: it hangs in the kernel, and is let be.</summary>
    private static JobEnd Abandon(Job child)
    {
        child.Signal(Signals.Kill);
        return child.Wait(TimeSpan.FromSeconds(1)) ?? new(0, Signals.Kill);
    }

    private static void Close(ref int descriptor)
    {
        if (descriptor >= 0)
            _ = Libc.close(descriptor);
        descriptor = -1;
    }
}
