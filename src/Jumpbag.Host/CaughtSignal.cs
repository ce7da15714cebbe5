using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>A signal that is handled here until this is disposed of.</summary>
public static unsafe class CaughtSignal
{
    /// <summary>As <see cref="PosixSignalRegistration.Create"/>, but for what the runtime does besides.</summary>
    /// <remarks>
    /// From the first signal on the runtime catches SIGCONT too, to set the terminal as it was at the start. From the background, or
    /// while a command that was given the terminal has it, this stops the program again, by SIGTTOU (signal(7), tcsetattr(3)): one that
    /// was brought on with fg or bg stood still. Nothing here changes the terminal for long, so SIGCONT has its own meaning back.
    /// </remarks>
    public static PosixSignalRegistration Create(PosixSignal signal, Action<PosixSignalContext> handler)
    {
        var registration = PosixSignalRegistration.Create(signal, handler);
        _ = Libc.signal(Signals.Continue, null);
        return registration;
    }
}
