using System.Globalization;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// A command that goes on in the background. Since .NET cannot fork, it starts itself again, with the very same arguments, in a
/// session of its own; that one does the work with our standard error as its own, and says through a pipe when it is ready.
/// </summary>
public static unsafe class Background
{
    private const string Variable = "JUMPBAG_READY";
    private const int ReadyDescriptor = 3;

    private static bool told;

    /// <summary>Whether this is the one that was started again.</summary>
    public static bool IsServer { get; } = Claim();

    /// <summary>Starts this command again and waits until it is ready, or has failed (which it told by itself): the exit status that it gives.</summary>
    /// <param name="instead">What it is given instead of an argument that is not to be seen in the list of processes for as long as it works.</param>
    /// <param name="variables">That it is given too, as NAME=VALUE: only its user sees them.</param>
    public static int Run((string Argument, string Other)? instead = null, params IEnumerable<string> variables)
    {
        List<ByteString> arguments = [];
        byte[] line = File.ReadAllBytes("/proc/self/cmdline");
        foreach (Range range in line.AsSpan(0, line.Length - 1).Split((byte)0))
        {
            var argument = new ByteString(line.AsSpan()[range]);
            arguments.Add(instead is var (hidden, other) && argument == ByteString.FromArgument(hidden) ? ByteString.FromArgument(other) : argument);
        }
        int* pipe = stackalloc int[2];
        Libc.Check(Libc.pipe2(pipe, Libc.CloseOnExec)).ThrowIfFailed("a pipe");
        ByteString[] given = [ByteString.FromText($"{Variable}={ReadyDescriptor}"), .. variables.Select(ByteString.FromArgument)];
        Errno error = ChildProcess.Start(ByteString.FromText("/proc/self/exe"), arguments, given, [(pipe[1], ReadyDescriptor)], newSession: true, out ChildProcess? child);
        _ = Libc.close(pipe[1]);
        error.ThrowIfFailed("/proc/self/exe");
        byte status;
        nint count;
        do
            count = Libc.read(pipe[0], &status, 1);
        while (count < 0 && Libc.LastError == Errno.Interrupted);
        _ = Libc.close(pipe[0]);
        if (count == 1)
            return status;
        int ended = child!.Wait();
        return ended < ChildProcess.BySignal ? ended
            : throw new FailedException($"the part that works in the background was ended by signal {(ended - ChildProcess.BySignal).ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>
    /// Lets the one who waits for us go on with an exit status. From here on there is no terminal: what would be printed goes to
    /// <paramref name="log"/> or nowhere, and no folder is kept busy by being worked in.
    /// </summary>
    /// <returns>False where that one is gone (interrupted): nobody wants it any more.</returns>
    public static bool Ready(int status, FileStream? log)
    {
        if (!IsServer || told)
            return true;
        told = true;
        using (var nothing = new NullDevice())
        {
            _ = Libc.dup2(nothing.Descriptor, 0);
            int output = log is null ? nothing.Descriptor : (int)log.SafeFileHandle.DangerousGetHandle();
            _ = Libc.dup2(output, 1);
            _ = Libc.dup2(output, 2);
        }
        using (var top = new CStrings([ByteString.FromText("/")]))
            _ = Libc.chdir(top.Pointers[0]);
        var octet = (byte)status;
        bool wanted = Libc.write(ReadyDescriptor, &octet, 1) == 1;
        _ = Libc.close(ReadyDescriptor);
        return wanted;
    }

    /// <summary>The pipe is ours alone: a program that we start must not keep the other end waiting.</summary>
    private static bool Claim()
    {
        if (Environment.GetEnvironmentVariable(Variable) != ReadyDescriptor.ToString(CultureInfo.InvariantCulture))
            return false;
        Environment.SetEnvironmentVariable(Variable, null);
        const int SetDescriptorFlags = 2;
        return Libc.fcntl(ReadyDescriptor, SetDescriptorFlags, Libc.CloseOnExecFlag) == 0;
    }
}
