using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Host.Fuse;

/// <summary>
/// fusermount3, the program by which those who aren't root mount: it opens /dev/fuse, mounts it, and sends the descriptor
/// over the socket that _FUSE_COMMFD names.
/// </summary>
internal static unsafe class Fusermount
{
    private const int TheirSocket = 3, StandardInput = 0, StandardOutput = 1, StandardError = 2;

    /// <exception cref="FailedException">It is not installed, or refused.</exception>
    public static int Mount(ByteString folder, FuseMountOptions options)
    {
        string program = Find() ?? throw new FailedException("fusermount3 is missing, which those who aren't root need to mount",
            "it is in the package fuse3, of Debian and of the RPM distributions alike; or run it as root");
        int* sockets = stackalloc int[2];
        Libc.Check(Libc.socketpair(Libc.UnixSocket, Libc.StreamSocket | Libc.SocketCloseOnExec, 0, sockets)).ThrowIfFailed("a socket for fusermount3");
        (int ours, int theirs) = (sockets[0], sockets[1]);
        try
        {
            string flags = $"{(options.Writable ? "rw" : "ro")},nosuid,nodev,subtype={FuseMountOptions.Subtype}"
                + (options.AllowOther ? ",allow_other" : "") + (options.DefaultPermissions ? ",default_permissions" : "") + ",fsname=";
            ByteString[] arguments = [ByteString.FromText("fusermount3"), ByteString.FromText("-o"), new([.. Encoding.ASCII.GetBytes(flags), .. Escape(options.Source)]), ByteString.FromText("--"), folder];
            (int status, string errors) = Run(program, arguments, theirs);
            _ = Libc.close(theirs);
            theirs = -1;
            int device = status == 0 ? Receive(ours) : -1;
            return device >= 0 ? device : throw Refused(folder, status, errors);
        }
        finally
        {
            _ = Libc.close(ours);
            if (theirs >= 0)
                _ = Libc.close(theirs);
        }
    }

    /// <returns>What it said, or null where it succeeded.</returns>
    public static string? Unmount(ByteString folder, bool detach)
    {
        if (Find() is not { } program)
            return "fusermount3 is missing";
        ByteString[] arguments = [ByteString.FromText("fusermount3"), ByteString.FromText("-u"), .. detach ? [ByteString.FromText("-z")] : Array.Empty<ByteString>(), ByteString.FromText("--"), folder];
        (int status, string errors) = Run(program, arguments, null);
        return status == 0 ? null : errors;
    }

    /// <summary>The one of FUSE 2 does the same in the same way.</summary>
    public static string? Find() => Programs.TryFind("fusermount3") ?? Programs.TryFind("fusermount");

    private static FailedException Refused(ByteString folder, int status, string errors)
    {
        string reason = errors.Length > 0 ? errors : $"fusermount3 ended with exit status {status}";
        return new($"{folder}: {reason}", reason.Contains("user_allow_other", StringComparison.Ordinal)
            ? "the administrator allows it by the line 'user_allow_other' in /etc/fuse.conf; without --allow-other it needs none" : null);
    }

    private static (int Status, string Errors) Run(string program, ByteString[] arguments, int? socket)
    {
        int* pipe = stackalloc int[2];
        Libc.Check(Libc.pipe2(pipe, Libc.CloseOnExec)).ThrowIfFailed("a pipe for fusermount3");
        using var nothing = new NullDevice();
        List<(int, int)> descriptors = [(nothing.Descriptor, StandardInput), (nothing.Descriptor, StandardOutput), (pipe[1], StandardError)];
        ByteString[] variables = [ByteString.FromText("LC_ALL=C")];
        if (socket is { } theirs)
        {
            descriptors.Add((theirs, TheirSocket));
            variables = [.. variables, ByteString.FromText($"_FUSE_COMMFD={TheirSocket}")];
        }
        Errno error = ChildProcess.Start(ByteString.FromArgument(program), arguments, variables, descriptors, newSession: false, out ChildProcess? child);
        _ = Libc.close(pipe[1]);
        string said = error == Errno.None ? ReadAll(pipe[0]) : "";
        _ = Libc.close(pipe[0]);
        error.ThrowIfFailed(program);
        string line = said.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        return (child!.Wait(), line.StartsWith("fusermount", StringComparison.Ordinal) && colon > 0 ? line[(colon + 2)..] : line);
    }

    private static string ReadAll(int descriptor)
    {
        var said = new List<byte>();
        byte* buffer = stackalloc byte[4096];
        nint count;
        while ((count = Libc.read(descriptor, buffer, 4096)) > 0 || (count < 0 && Libc.LastError == Errno.Interrupted))
            for (int i = 0; i < count && said.Count < 65536; i++)
                said.Add(buffer[i]);
        return Encoding.UTF8.GetString([.. said]);
    }

    /// <summary>A comma would end the option.</summary>
    private static IEnumerable<byte> Escape(ByteString text)
    {
        foreach (byte b in text.Span.ToArray())
        {
            if (b is (byte)',' or (byte)'\\')
                yield return (byte)'\\';
            yield return b;
        }
    }

    /// <summary>The descriptor in the control message, struct cmsghdr: u64 length · s32 level · s32 type · the descriptors; below zero where none came.</summary>
    private static int Receive(int socket)
    {
        const int ControlSize = 24, Data = 16;
        byte octet;
        byte* control = stackalloc byte[ControlSize];
        var vector = new Libc.Vector { Start = &octet, Length = 1 };
        var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = ControlSize };
        nint count;
        do
            count = Libc.recvmsg(socket, &message, Libc.MessageCloseOnExec);
        while (count < 0 && Libc.LastError == Errno.Interrupted);
        return count > 0 && message.ControlLength >= Data + sizeof(int) && *(int*)(control + 8) == Libc.SocketLevel && *(int*)(control + 12) == Libc.Rights
            ? *(int*)(control + Data) : -1;
    }
}
