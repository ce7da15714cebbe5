using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>How a program is started. It gets the environment of this process, and the signals as this process found them.</summary>
/// <param name="Path">Of the program's file; see <see cref="Programs.Find"/>.</param>
/// <param name="Arguments">The name by which it is called first.</param>
public sealed record JobStart(string Path, IReadOnlyList<ByteString> Arguments)
{
    /// <summary>"NAME=value", in the place of what the environment has under that name.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Whether it gets this process's place at the terminal, so that Ctrl-C and what is typed go to it. It gives it back at its end.</summary>
    public bool TakesTerminal { get; init; }

    /// <summary>Whether what it prints goes to standard error: standard output is the result's.</summary>
    public bool PrintsToErrors { get; init; }

    /// <summary>Descriptors of this process that become its standard streams; those of this process unless told.</summary>
    internal int Input { get; init; }

    public int Output { get; init; } = 1;

    internal int Errors { get; init; } = 2;
}

/// <summary>How a process ended: by itself with a status, or by a signal.</summary>
public readonly record struct JobEnd(int Code, int? Signal)
{
    /// <summary>As a shell tells it: 128 and the signal's number where a signal ended it.</summary>
    public int Status => Signal is { } signal ? 128 + signal : Code;

    public override string ToString() => Signal is { } signal ? $"ended by {Signals.Name(signal)}" : $"exit status {Code}";
}

/// <summary>The signals that someone here sends or tells of, by their numbers on Linux.</summary>
public static class Signals
{
    public const int Hangup = 1, Interrupt = 2, Kill = 9, Pipe = 13, Terminate = 15, Continue = 18, Stop = 19, TerminalInput = 21, TerminalOutput = 22;

    public static string Name(int signal) => signal switch
    {
        Hangup => "SIGHUP",
        Interrupt => "SIGINT",
        3 => "SIGQUIT",
        6 => "SIGABRT",
        Kill => "SIGKILL",
        11 => "SIGSEGV",
        Pipe => "SIGPIPE",
        Terminate => "SIGTERM",
        _ => $"signal {signal}",
    };
}
