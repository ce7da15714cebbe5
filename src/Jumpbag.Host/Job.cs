using System.Diagnostics;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// Another program that runs, in a process group of its own: Ctrl-C at the terminal reaches it only where it was given the
/// terminal, and it can be ended with all that it started. It keeps running when this object is let go of.
/// </summary>
public sealed unsafe class Job : IDisposable
{
    private const int Slice = 100;

    private readonly int terminal;
    private readonly int descriptor;
    private JobEnd? end;

    private Job(int id, int terminal)
    {
        Id = id;
        this.terminal = terminal;
        // Where the kernel has none (before 5.3) the end is looked for at each slice.
        descriptor = (int)Libc.syscall(Libc.PidFdOpen, id, null, null, 0);
    }

    /// <summary>Of the process and of its group.</summary>
    public int Id { get; }

    /// <exception cref="FailedException">It cannot be started.</exception>
    public static Job Start(JobStart start)
    {
        int terminal = start.TakesTerminal ? OpenTerminal() : -1;
        int id = 0;
        Errno error = Spawn(start, &id);
        if (error != Errno.None)
        {
            if (terminal >= 0)
                _ = Libc.close(terminal);
            throw error.Failed(start.Path);
        }
        if (terminal >= 0)
            GiveTerminal(terminal, id);
        return new(id, terminal);
    }

    /// <summary>Waits for its end, at most so long; null where it still runs. Where Ctrl-Z stops it, this process stops with it.</summary>
    public JobEnd? Wait(TimeSpan atMost)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            if (Look() is { } ended)
                return ended;
            double left = (atMost - Stopwatch.GetElapsedTime(begin)).TotalMilliseconds;
            if (left <= 0)
                return null;
            // A stop is no end and wakes nobody, so it is looked for now and then.
            int pause = (int)Math.Clamp(Math.Ceiling(left), 1, Slice);
            if (descriptor < 0)
            {
                Thread.Sleep(Math.Min(pause, 10));
                continue;
            }
            var wanted = new Libc.PollDescriptor { Descriptor = descriptor, Wanted = Libc.PollIn };
            _ = Libc.poll(&wanted, 1, pause);
        }
    }

    /// <summary>To the process and to all in its group.</summary>
    public void Signal(int signal) => _ = Libc.kill(-Id, signal);

    /// <summary>Asks it and its group to end, and after some time no longer asks.</summary>
    public JobEnd Stop(int signal, TimeSpan grace)
    {
        Signal(signal);
        Signal(Signals.Continue);
        JobEnd? ended = Wait(grace);
        // Also what the process itself left behind in its group.
        Signal(Signals.Kill);
        return ended ?? Wait(TimeSpan.FromSeconds(60))
            ?? throw new FailedException($"process {Id} does not end", "it waits for a device that does not answer; 'cat /proc/" + Id + "/stack' tells for which");
    }

    public void Dispose()
    {
        if (descriptor >= 0)
            _ = Libc.close(descriptor);
        if (terminal >= 0)
            _ = Libc.close(terminal);
    }

    private JobEnd? Look()
    {
        while (end is null)
        {
            int status = 0;
            int found = Libc.waitpid(Id, &status, Libc.NoHang | Libc.Untraced);
            if (found < 0 && Libc.LastError == Errno.Interrupted)
                continue;
            if (found == 0)
                return null;
            if (found < 0)
                throw Libc.LastError.Failed($"process {Id}");
            int signal = status & 0x7F;
            if (signal == 0x7F)
            {
                Stopped((status >> 8) & 0xFF);
                continue;
            }
            end = signal == 0 ? new((status >> 8) & 0xFF, null) : new(0, signal);
            TakeTerminalBack();
        }
        return end;
    }

    private void Stopped(int signal)
    {
        if (terminal < 0)
            return;
        // It looked at the terminal in the instant before it was given it, or this process was brought to the foreground since.
        if (signal is Signals.TerminalInput or Signals.TerminalOutput && (Libc.tcgetpgrp(terminal) == Id || GiveTerminal(terminal, Id)))
        {
            Signal(Signals.Continue);
            return;
        }
        TakeTerminalBack();
        _ = Libc.kill(Libc.getpid(), Signals.Stop);
        // Here the person has brought this job on again; where it is in the background the command has no terminal either.
        GiveTerminal(terminal, Id);
        Signal(Signals.Continue);
    }

    /// <summary>Hands the terminal on, if this process is the one that has it.</summary>
    private static bool GiveTerminal(int terminal, int group) => Libc.tcgetpgrp(terminal) == Libc.getpgrp() && Libc.tcsetpgrp(terminal, group) == 0;

    /// <summary>Whoever sets the terminal's group from the background is stopped by SIGTTOU, unless it is blocked.</summary>
    private void TakeTerminalBack()
    {
        if (terminal < 0 || Libc.tcgetpgrp(terminal) != Id)
            return;
        byte* blocked = stackalloc byte[Libc.SignalSetSize], before = stackalloc byte[Libc.SignalSetSize];
        _ = Libc.sigemptyset(blocked);
        _ = Libc.sigaddset(blocked, Signals.TerminalOutput);
        _ = Libc.pthread_sigmask(Libc.BlockSignals, blocked, before);
        _ = Libc.tcsetpgrp(terminal, Libc.getpgrp());
        _ = Libc.pthread_sigmask(Libc.SetSignalMask, before, null);
    }

    /// <summary>The terminal that this process belongs to; -1 where there is none.</summary>
    private static int OpenTerminal()
    {
        fixed (byte* name = "/dev/tty\0"u8)
            return Libc.openat(Libc.AtCurrentDirectory, name, Libc.ReadWrite | Libc.CloseOnExec, 0);
    }

    private static Errno Spawn(JobStart start, int* id)
    {
        byte* attributes = stackalloc byte[Libc.SpawnStructureSize], actions = stackalloc byte[Libc.SpawnStructureSize];
        byte* normal = stackalloc byte[Libc.SignalSetSize], none = stackalloc byte[Libc.SignalSetSize];
        _ = Libc.sigemptyset(none);
        _ = Libc.sigemptyset(normal);
        // The runtime ignores SIGPIPE; what nohup ignores stays ignored.
        foreach (int signal in new[] { Signals.Pipe, Signals.Interrupt, 3, Signals.Terminate, Signals.Hangup, Signals.TerminalInput, Signals.TerminalOutput })
            if (signal == Signals.Pipe || !ProcessIdentity.Ignored(signal))
                _ = Libc.sigaddset(normal, signal);
        _ = Libc.posix_spawnattr_init(attributes);
        _ = Libc.posix_spawn_file_actions_init(actions);
        _ = Libc.posix_spawnattr_setflags(attributes, (short)(Libc.SpawnSetGroup | Libc.SpawnSignalDefaults | Libc.SpawnSignalMask));
        _ = Libc.posix_spawnattr_setpgroup(attributes, 0);
        _ = Libc.posix_spawnattr_setsigdefault(attributes, normal);
        _ = Libc.posix_spawnattr_setsigmask(attributes, none);
        int[] streams = [start.Input, start.PrintsToErrors ? start.Errors : start.Output, start.Errors];
        for (int i = 0; i < streams.Length; i++)
            if (streams[i] != i)
                _ = Libc.posix_spawn_file_actions_adddup2(actions, streams[i], i);
        using var arguments = new CStrings(start.Arguments);
        using var environment = new CStrings(EnvironmentWith(start.Environment));
        try
        {
            fixed (byte* path = (byte[])[.. ByteString.FromArgument(start.Path).Span, 0])
                return (Errno)Libc.posix_spawn(id, path, actions, attributes, arguments.Pointers, environment.Pointers);
        }
        finally
        {
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            _ = Libc.posix_spawnattr_destroy(attributes);
        }
    }

    /// <summary>From the kernel, since the framework's own copy has only what is UTF-8.</summary>
    private static List<ByteString> EnvironmentWith(IReadOnlyList<string> changes)
    {
        var all = new List<ByteString>();
        byte[] current = File.ReadAllBytes("/proc/self/environ");
        foreach (Range range in current.AsSpan().Split((byte)0))
        {
            ReadOnlySpan<byte> entry = current.AsSpan(range);
            bool replaced = entry.IsEmpty;
            foreach (string change in changes)
                replaced |= entry.StartsWith(Encoding.UTF8.GetBytes(change[..(change.IndexOf('=', StringComparison.Ordinal) + 1)]));
            if (!replaced)
                all.Add(new(entry));
        }
        all.AddRange(changes.Select(ByteString.FromArgument));
        return all;
    }
}
