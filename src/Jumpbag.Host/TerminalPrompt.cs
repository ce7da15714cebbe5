using System.Runtime.InteropServices;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>Asks a person for something that nobody else is to see: at the terminal, whatever the standard streams are.</summary>
public static unsafe class TerminalPrompt
{
    private const int MostBytes = 1024;

    /// <summary>What was typed, not shown meanwhile, without the line's end; null where there is no terminal or nothing was typed.</summary>
    public static string? AskHidden(string prompt, string terminal = "/dev/tty")
    {
        using FileHandle? file = Open(terminal, out int descriptor, out byte[] before);
        if (file is null)
            return null;
        byte[] hidden = [.. before];
        Span<uint> flags = MemoryMarshal.Cast<byte, uint>(hidden.AsSpan(Libc.TerminalLocalFlags));
        flags[0] = (flags[0] & ~Libc.Echo) | Libc.EchoNewline;
        // Whoever interrupts us here wants to see again what is typed.
        void Restore(PosixSignalContext _) => Apply(descriptor, Libc.TerminalDrain, before);
        using var interrupt = CaughtSignal.Create(PosixSignal.SIGINT, Restore);
        using var terminate = CaughtSignal.Create(PosixSignal.SIGTERM, Restore);
        DataStream.Write(descriptor, Encoding.UTF8.GetBytes(prompt), out _).ThrowIfFailed(terminal);
        // What was typed ahead is not the answer.
        Apply(descriptor, Libc.TerminalFlush, hidden).ThrowIfFailed(terminal);
        try
        {
            return ReadLine(descriptor);
        }
        finally
        {
            Apply(descriptor, Libc.TerminalDrain, before);
        }
    }

    /// <summary>What is typed in answer, or comes through a pipe: from standard input, without the line's end; null where nothing comes.</summary>
    public static string? Ask(string prompt)
    {
        // Where standard error is closed nobody sees the question; the answer still counts.
        _ = DataStream.Write(2, Encoding.UTF8.GetBytes(prompt), out int _);
        return ReadLine(0);
    }

    /// <summary>Whether "y" or "yes" was typed; null where there is no terminal.</summary>
    public static bool? Confirm(string question, string terminal = "/dev/tty")
    {
        using FileHandle? file = Open(terminal, out int descriptor, out byte[] settings);
        if (file is null)
            return null;
        DataStream.Write(descriptor, Encoding.UTF8.GetBytes(question), out _).ThrowIfFailed(terminal);
        // What was typed ahead, to another program, is not the answer.
        Apply(descriptor, Libc.TerminalFlush, settings).ThrowIfFailed(terminal);
        return ReadLine(descriptor)?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    /// <summary>Null where it is no terminal, or there is none.</summary>
    private static FileHandle? Open(string terminal, out int descriptor, out byte[] settings)
    {
        byte* name = stackalloc byte[CName.Size];
        settings = new byte[Libc.TerminalSize];
        descriptor = CName.Copy(Encoding.UTF8.GetBytes(terminal), name)
            ? Libc.openat(Libc.AtCurrentDirectory, name, Libc.ReadWrite | Libc.CloseOnExec | Libc.NoControllingTerminal, 0) : -1;
        if (descriptor < 0)
            return null;
        var file = new FileHandle(descriptor);
        if (Take(descriptor, settings) == Errno.None)
            return file;
        file.Dispose();
        return null;
    }

    private static Errno Apply(int descriptor, int when, byte[] settings)
    {
        fixed (byte* start = settings)
            return Libc.Check(Libc.tcsetattr(descriptor, when, start));
    }

    private static Errno Take(int descriptor, byte[] settings)
    {
        fixed (byte* start = settings)
            return Libc.Check(Libc.tcgetattr(descriptor, start));
    }

    private static string? ReadLine(int descriptor)
    {
        byte* line = stackalloc byte[MostBytes];
        int length = 0;
        while (length < MostBytes)
        {
            nint count = Libc.read(descriptor, line + length, 1);
            if (count < 0 && Libc.LastError == Errno.Interrupted)
                continue;
            if (count <= 0)
                return length > 0 ? Encoding.UTF8.GetString(line, length) : null;
            if (line[length] == '\n')
                return Encoding.UTF8.GetString(line, length);
            length++;
        }
        throw new FailedException($"what was typed is longer than {MostBytes} bytes");
    }
}
