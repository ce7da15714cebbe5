using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// A program whose output is read while it runs, and that is never waited for longer than one cares to: a process that is stuck in the
/// kernel can be neither ended nor waited for, so it is killed, let go of, and left to the kernel.
/// </summary>
public sealed unsafe class OutputJob : IDisposable
{
    private const int MostErrors = 64 << 10;

    private readonly Job job;
    private readonly MemoryStream complaints = new();
    private int output, errors;

    private OutputJob(Job job, int output, int errors) => (this.job, this.output, this.errors) = (job, output, errors);

    /// <summary>False once it has closed its standard output, which it mostly does by ending.</summary>
    public bool IsOpen => output >= 0;

    public int Id => job.Id;

    /// <summary>What it wrote to standard error so far.</summary>
    public string Errors => Encoding.UTF8.GetString(complaints.GetBuffer(), 0, (int)complaints.Length);

    /// <param name="input">A file that it reads as its standard input; null for none.</param>
    /// <exception cref="FailedException">It cannot be started.</exception>
    public static OutputJob Start(string path, IEnumerable<string> arguments, IReadOnlyList<string>? environment = null, string? input = null)
    {
        int* answers = stackalloc int[2], complaints = stackalloc int[2];
        answers[0] = answers[1] = complaints[0] = complaints[1] = -1;
        int given = -1;
        try
        {
            Libc.Check(Libc.pipe2(answers, Libc.CloseOnExec)).ThrowIfFailed("pipe");
            Libc.Check(Libc.pipe2(complaints, Libc.CloseOnExec)).ThrowIfFailed("pipe");
            fixed (byte* name = (byte[])[.. ByteString.FromArgument(input ?? "/dev/null").Span, 0])
                given = Libc.openat(Libc.AtCurrentDirectory, name, Libc.CloseOnExec, 0);
            Libc.Check(given).ThrowIfFailed(input ?? "/dev/null");
            Job started = Job.Start(new(path, [.. arguments.Select(ByteString.FromArgument)])
            {
                Environment = environment ?? [],
                Input = given,
                Output = answers[1],
                Errors = complaints[1],
            });
            var job = new OutputJob(started, answers[0], complaints[0]);
            answers[0] = complaints[0] = -1;
            return job;
        }
        finally
        {
            foreach (int descriptor in new[] { given, answers[0], answers[1], complaints[0], complaints[1] })
                if (descriptor >= 0)
                    _ = Libc.close(descriptor);
        }
    }

    /// <summary>Waits until one of them has something to say, or has nothing to say any more; at most so long.</summary>
    public static void WaitAny(IReadOnlyList<OutputJob> jobs, int milliseconds)
    {
        var wanted = new Libc.PollDescriptor[jobs.Count];
        for (int i = 0; i < jobs.Count; i++)
            wanted[i] = new() { Descriptor = jobs[i].output, Wanted = Libc.PollIn };
        fixed (Libc.PollDescriptor* first = wanted)
            _ = Libc.poll(first, (nuint)wanted.Length, milliseconds);
    }

    /// <summary>What is there now, without waiting; 0 where nothing is.</summary>
    public int Read(Span<byte> buffer)
    {
        ReadErrors();
        if (output < 0 || !IsReady(output))
            return 0;
        fixed (byte* start = buffer)
        {
            nint count = Libc.read(output, start, (nuint)buffer.Length);
            if (count > 0)
                return (int)count;
            if (count < 0 && Libc.LastError is Errno.Interrupted or Errno.Again)
                return 0;
            Close(ref output);
            return 0;
        }
    }

    /// <summary>How it ended; null where it has not in that time.</summary>
    public JobEnd? End(TimeSpan atMost)
    {
        JobEnd? end = job.Wait(atMost);
        ReadErrors();
        return end;
    }

    /// <summary>Ends it and all that it started, and waits for that a moment only. False where it does not end: it is stuck, and stays behind.</summary>
    public bool Abandon()
    {
        job.Signal(Signals.Kill);
        JobEnd? end = job.Wait(TimeSpan.FromMilliseconds(30));
        ReadErrors();
        return end is not null;
    }

    public void Dispose()
    {
        Close(ref output);
        Close(ref errors);
        job.Dispose();
        complaints.Dispose();
    }

    private void ReadErrors()
    {
        byte* buffer = stackalloc byte[4096];
        while (errors >= 0 && IsReady(errors))
        {
            nint count = Libc.read(errors, buffer, 4096);
            if (count < 0 && Libc.LastError == Errno.Interrupted)
                continue;
            if (count <= 0)
                Close(ref errors);
            else if (complaints.Length < MostErrors)
                complaints.Write(new ReadOnlySpan<byte>(buffer, (int)count));
        }
    }

    private static bool IsReady(int descriptor)
    {
        var wanted = new Libc.PollDescriptor { Descriptor = descriptor, Wanted = Libc.PollIn };
        return Libc.poll(&wanted, 1, 0) > 0;
    }

    private static void Close(ref int descriptor)
    {
        if (descriptor >= 0)
            _ = Libc.close(descriptor);
        descriptor = -1;
    }
}
