using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// A program started with exact bytes as its arguments and with chosen descriptors: what the framework's processes cannot
/// have. All other descriptors of ours are closed in it, since we open them all that way.
/// </summary>
public sealed unsafe class ChildProcess
{
    private readonly int id;
    private int? status;

    private ChildProcess(int id) => this.id = id;

    /// <summary>The value of a status that says that a signal ended the process: 128 + its number, as a shell tells it.</summary>
    public const int BySignal = 128;

    /// <param name="program">The path of the program.</param>
    /// <param name="arguments">The first is the name that it is told to have.</param>
    /// <param name="variables">Beside those of our own environment: "NAME=value".</param>
    /// <param name="descriptors">Which of ours get which number there.</param>
    /// <param name="newSession">It has no terminal then, and none of its signals.</param>
    public static Errno Start(ByteString program, IReadOnlyList<ByteString> arguments, IReadOnlyList<ByteString> variables,
        IReadOnlyList<(int Ours, int Theirs)> descriptors, bool newSession, out ChildProcess? child)
    {
        child = null;
        using var path = new CStrings([program]);
        using var argv = new CStrings(arguments);
        using var envp = new CStrings([.. Environment(variables), .. variables]);
        byte* actions = stackalloc byte[512];
        byte* attributes = stackalloc byte[1024];
        byte* signals = stackalloc byte[128];
        new Span<byte>(signals, 128).Clear();
        _ = Libc.posix_spawn_file_actions_init(actions);
        _ = Libc.posix_spawnattr_init(attributes);
        foreach ((int ours, int theirs) in descriptors)
            _ = Libc.posix_spawn_file_actions_adddup2(actions, ours, theirs);
        // The runtime blocks and ignores signals as it needs; a child begins as any program does. The set is of no signals.
        _ = Libc.posix_spawnattr_setsigmask(attributes, signals);
        signals[(Signals.Pipe - 1) / 8] |= 1 << ((Signals.Pipe - 1) % 8);
        _ = Libc.posix_spawnattr_setsigdefault(attributes, signals);
        _ = Libc.posix_spawnattr_setflags(attributes, (short)(Libc.SpawnSignalMask | Libc.SpawnSignalDefaults | (newSession ? Libc.SpawnNewSession : 0)));
        int id;
        var error = (Errno)Libc.posix_spawn(&id, path.Pointers[0], actions, attributes, argv.Pointers, envp.Pointers);
        _ = Libc.posix_spawn_file_actions_destroy(actions);
        _ = Libc.posix_spawnattr_destroy(attributes);
        if (error == Errno.None)
            child = new(id);
        return error;
    }

    /// <summary>Waits for its end: its exit status, or <see cref="BySignal"/> and above.</summary>
    public int Wait()
    {
        if (status is { } known)
            return known;
        int word;
        while (Libc.waitpid(id, &word, 0) < 0)
            if (Libc.LastError != Errno.Interrupted)
                return BySignal; // Someone else took the status: it is gone, and how is not known.
        status = (word & 0x7F) == 0 ? (word >> 8) & 0xFF : BySignal + (word & 0x7F);
        return status.Value;
    }

    /// <summary>Asks it to end.</summary>
    public void Terminate()
    {
        if (status is null)
            _ = Libc.kill(id, Libc.SignalTerminate);
    }

    /// <summary>Our own, in its very bytes, without those that are named anew.</summary>
    private static IEnumerable<ByteString> Environment(IReadOnlyList<ByteString> except)
    {
        byte[] block = File.ReadAllBytes("/proc/self/environ");
        var kept = new List<ByteString>();
        foreach (Range range in block.AsSpan().Split((byte)0))
        {
            var variable = new ByteString(block.AsSpan()[range]);
            if (!variable.IsEmpty && !except.Any(other => other.Span.StartsWith(variable.Span[..(variable.Span.IndexOf((byte)'=') + 1)])))
                kept.Add(variable);
        }
        return kept;
    }
}
