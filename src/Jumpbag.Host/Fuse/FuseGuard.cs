using Jumpbag.Core;

namespace Jumpbag.Host.Fuse;

/// <summary>
/// Takes the mount away when its server was killed, which else would leave a folder that answers "not connected". It is a
/// shell that waits at a pipe for our end, so that it needs next to no memory and does not die with what is named jumpbag;
/// the kernel closes the pipe however we end. Where we unmounted ourselves, a line tells it to do nothing.
/// </summary>
internal sealed unsafe class FuseGuard : IDisposable
{
    /// <summary>What it is called in a list of processes.</summary>
    public const string Name = "jumpbag-guard";

    private const string Script = "trap '' INT TERM HUP QUIT; read -r done || exec \"$@\"";

    private readonly ChildProcess child;
    private readonly int pipe;

    private FuseGuard(ChildProcess child, int pipe)
    {
        this.child = child;
        this.pipe = pipe;
    }

    /// <summary>Null where there is no shell, or nothing to unmount with.</summary>
    public static FuseGuard? Start(ByteString folder, bool byHelper)
    {
        const string shell = "/bin/sh";
        string? unmount = byHelper ? Fusermount.Find() : Programs.TryFind("umount");
        if (unmount is null)
            return null;
        string[] command = byHelper ? [unmount, "-u", "-z", "--"] : [unmount, "-l", "--"];
        int* ends = stackalloc int[2];
        Libc.Check(Libc.pipe2(ends, Libc.CloseOnExec)).ThrowIfFailed("a pipe");
        using var nothing = new NullDevice();
        ByteString[] arguments = [.. new[] { Name, "-c", Script, Name }.Concat(command).Select(ByteString.FromArgument), folder];
        Errno error = ChildProcess.Start(ByteString.FromArgument(shell), arguments, [], [(ends[0], 0), (nothing.Descriptor, 1), (nothing.Descriptor, 2)],
            newSession: true, out ChildProcess? child);
        _ = Libc.close(ends[0]);
        if (error == Errno.None)
            return new(child!, ends[1]);
        _ = Libc.close(ends[1]);
        return null;
    }

    /// <summary>Sends it away: the mount is gone.</summary>
    public void Dispose()
    {
        byte line = (byte)'\n';
        _ = Libc.write(pipe, &line, 1);
        _ = Libc.close(pipe);
        _ = child.Wait();
    }
}
