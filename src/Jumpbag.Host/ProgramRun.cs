using System.Buffers;
using System.Diagnostics;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>A program that was run to its end with nothing to read: what it wrote and how it ended.</summary>
public sealed record ProgramRun(string Program, JobEnd End, string Output, string Errors)
{
    /// <summary>More output than any report of lvm2 has; what comes after it is not kept.</summary>
    private const int MostOutput = 64 << 20, MostErrors = 256 << 10;

    private static readonly string[] Plain = ["LC_ALL=C", "LVM_SUPPRESS_FD_WARNINGS=1"];

    public bool Succeeded => End is { Code: 0, Signal: null };

    /// <summary>The lines of its standard error, without warnings where there is more to say, on one line.</summary>
    public string Complaint
    {
        get
        {
            string[] lines = [.. Errors.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).Distinct()];
            string[] failures = [.. lines.Where(line => !line.StartsWith("WARNING", StringComparison.OrdinalIgnoreCase))];
            string text = string.Join(' ', failures.Length > 0 ? failures : lines).TrimEnd('.');
            return text.Length == 0 ? End.ToString() : ByteString.FromText(text.Length > 600 ? text[..600] + "…" : text).ToString();
        }
    }

    /// <summary>Runs it; Ctrl-C at the terminal does not reach it. Its messages are in English whatever the locale is.</summary>
    /// <exception cref="NotFoundException">The program is missing; the hint names its packages.</exception>
    /// <exception cref="FailedException">It was not done in time, and was ended.</exception>
    public static ProgramRun Of(string program, IEnumerable<string> arguments, TimeSpan deadline) => Of(Programs.Find(program), program, arguments, deadline);

    /// <param name="path">Where the program's file is.</param>
    /// <param name="name">What it is called by.</param>
    public static unsafe ProgramRun Of(string path, string name, IEnumerable<string> arguments, TimeSpan deadline)
    {
        int* output = stackalloc int[2], errors = stackalloc int[2];
        output[0] = output[1] = errors[0] = errors[1] = -1;
        using var nothing = new NullDevice();
        try
        {
            Libc.Check(Libc.pipe2(output, Libc.CloseOnExec)).ThrowIfFailed("pipe");
            Libc.Check(Libc.pipe2(errors, Libc.CloseOnExec)).ThrowIfFailed("pipe");
            using Job job = Job.Start(new(path, [.. arguments.Prepend(name).Select(ByteString.FromArgument)])
            {
                Environment = Plain,
                Input = nothing.Descriptor,
                Output = output[1],
                Errors = errors[1],
            });
            Close(ref output[1]);
            Close(ref errors[1]);
            var said = new Collected(output[0], MostOutput);
            var complained = new Collected(errors[0], MostErrors);
            long begin = Stopwatch.GetTimestamp();
            JobEnd? ended = null;
            while (ended is null && Stopwatch.GetElapsedTime(begin) < deadline)
            {
                // What inherited the streams may outlive the program (dmeventd): its end is what counts, not theirs.
                Collect(said, complained, said.IsOpen || complained.IsOpen ? 50 : 0);
                ended = job.Wait(said.IsOpen || complained.IsOpen ? TimeSpan.Zero : TimeSpan.FromMilliseconds(50));
            }
            if (ended is null)
            {
                job.Stop(Signals.Terminate, TimeSpan.FromSeconds(5));
                throw new FailedException($"{name} was not done after {deadline.TotalSeconds:0} s and was ended");
            }
            while (Collect(said, complained, 0))
            {
            }
            return new(name, ended.Value, said.Text, complained.Text);
        }
        finally
        {
            Close(ref output[0]);
            Close(ref output[1]);
            Close(ref errors[0]);
            Close(ref errors[1]);
        }
    }

    /// <summary>Reads what is there, waiting at most so long for the first of it; false where there was nothing.</summary>
    private static unsafe bool Collect(Collected first, Collected second, int milliseconds)
    {
        Libc.PollDescriptor* wanted = stackalloc Libc.PollDescriptor[2];
        wanted[0] = new() { Descriptor = first.IsOpen ? first.Descriptor : -1, Wanted = Libc.PollIn };
        wanted[1] = new() { Descriptor = second.IsOpen ? second.Descriptor : -1, Wanted = Libc.PollIn };
        if (Libc.poll(wanted, 2, milliseconds) <= 0)
            return false;
        bool any = false;
        if (wanted[0].Answered != 0)
            any |= first.Read();
        if (wanted[1].Answered != 0)
            any |= second.Read();
        return any;
    }

    private static void Close(ref int descriptor)
    {
        if (descriptor >= 0)
            _ = Libc.close(descriptor);
        descriptor = -1;
    }

    private sealed class Collected(int descriptor, int most)
    {
        private readonly ArrayBufferWriter<byte> bytes = new();

        public int Descriptor => descriptor;

        public bool IsOpen { get; private set; } = true;

        public string Text => Encoding.UTF8.GetString(bytes.WrittenSpan);

        public unsafe bool Read()
        {
            byte* buffer = stackalloc byte[16 << 10];
            nint count = Libc.read(descriptor, buffer, 16 << 10);
            if (count < 0 && Libc.LastError == Errno.Interrupted)
                return true;
            IsOpen = count > 0;
            if (count > 0 && bytes.WrittenCount < most)
                bytes.Write(new ReadOnlySpan<byte>(buffer, (int)count));
            return count > 0;
        }
    }
}
