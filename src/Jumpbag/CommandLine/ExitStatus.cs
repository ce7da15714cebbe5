using Jumpbag.Core;

namespace Jumpbag.CommandLine;

/// <summary>The exit statuses of every command: contract.</summary>
public static class ExitStatus
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    /// <summary>Something could not be read; it was listed, and the rest was delivered.</summary>
    public const int Partial = 3;

    /// <summary>Unsupported or unsafe; what to do was said.</summary>
    public const int Refused = 4;

    public const int Interrupted = 130;

    /// <summary>Whoever read our output went away: what a shell reports of a program that SIGPIPE ended.</summary>
    public const int BrokenPipe = 141;

    public static int Of(JumpbagException failure) => failure switch
    {
        UsageException => Usage,
        UnsupportedException => Refused,
        _ => Failed,
    };

    public const string Help = """
        EXIT STATUS
          0  done
          1  failed
          2  the command line is wrong or ambiguous
          3  partial: something could not be read; it was listed, the rest was delivered
          4  refused: unsupported or unsafe; what to do was said
          130  interrupted, everything cleaned up
        """;
}
