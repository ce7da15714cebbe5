using System.Buffers.Binary;
using System.IO.Pipes;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Backup.Stores.Sftp;

/// <summary>
/// SFTP over the system's ssh: keys, agent, known hosts, jump hosts and all that stands in ~/.ssh/config hold here as they do for the
/// person who uses ssh. Many requests are under way at once; what breaks it fails all of them.
/// </summary>
internal sealed class SftpConnection : IDisposable
{
    /// <summary>Longer packets no server may send.</summary>
    private const int MostPacket = 256 << 10;

    private const int MostErrors = 16 << 10;

    private readonly StoreOptions options;
    private readonly ChildProcess ssh;
    private readonly AnonymousPipeServerStream input = new(PipeDirection.Out), output = new(PipeDirection.In), errors = new(PipeDirection.In);
    private readonly Dictionary<uint, TaskCompletionSource<SftpAnswer>> pending = [];
    private readonly HashSet<string> extensions = [];
    private readonly StringBuilder complaints = new();
    private readonly Lock gate = new(), writing = new();
    private readonly Thread listener, errorListener;
    private ITimer? watch;
    private long active;
    private int writers;
    private uint last;
    private TransientException? broken;

    private SftpConnection(SftpAddress address, StoreOptions options)
    {
        this.options = options;
        active = options.Clock.GetTimestamp();
        (int, int)[] descriptors = [(Number(input.ClientSafePipeHandle), 0), (Number(output.ClientSafePipeHandle), 1), (Number(errors.ClientSafePipeHandle), 2)];
        // In a session of its own Ctrl-C does not reach it, and it can ask nothing at the terminal.
        Errno error = ChildProcess.Start(ByteString.FromArgument(Programs.Find(options.Ssh)), [.. address.SshArguments().Select(ByteString.FromArgument)], [], descriptors, newSession: true, out ChildProcess? started);
        foreach (AnonymousPipeServerStream pipe in new[] { input, output, errors })
            pipe.DisposeLocalCopyOfClientHandle();
        error.ThrowIfFailed(options.Ssh);
        ssh = started!;
        errorListener = new(ReadErrors) { IsBackground = true };
        errorListener.Start();
        listener = new(Listen) { IsBackground = true };
    }

    public bool IsBroken => Volatile.Read(ref broken) is not null;

    /// <exception cref="TransientException">It may go at the next attempt.</exception>
    /// <exception cref="FailedException">It will not.</exception>
    public static SftpConnection Open(SftpAddress address, StoreOptions options)
    {
        var connection = new SftpConnection(address, options);
        try
        {
            connection.watch = options.Clock.CreateTimer(_ => connection.Look(), null, options.Silence / 4, options.Silence / 4);
            Interlocked.Increment(ref connection.writers);
            connection.Greet(address);
            Interlocked.Decrement(ref connection.writers);
            connection.listener.Start();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public bool Has(string extension) => extensions.Contains(extension);

    /// <summary>Sends a request; the answer comes when it comes.</summary>
    /// <exception cref="TransientException">The connection is broken.</exception>
    public Task<SftpAnswer> Send(SftpRequest request)
    {
        var answer = new TaskCompletionSource<SftpAnswer>();
        uint number;
        lock (gate)
        {
            if (broken is not null)
                throw new TransientException(broken.Message, broken);
            number = ++last;
            pending.Add(number, answer);
        }
        Interlocked.Increment(ref writers);
        try
        {
            lock (writing)
            {
                input.Write(request.Packet(number));
                active = options.Clock.GetTimestamp();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Break(Ended());
        }
        finally
        {
            Interlocked.Decrement(ref writers);
        }
        return answer.Task;
    }

    public SftpAnswer Ask(SftpRequest request) => Send(request).GetAwaiter().GetResult();

    public void Dispose()
    {
        Break(new("the connection was closed"));
        watch?.Dispose();
        input.Dispose();
        _ = ssh.Wait();
        // It is the listener's, where there is one.
        if (!listener.IsAlive)
            output.Dispose();
    }

    private static int Number(Microsoft.Win32.SafeHandles.SafePipeHandle handle) => (int)handle.DangerousGetHandle();

    /// <summary>Version 3 is what all speak.</summary>
    private void Greet(SftpAddress address)
    {
        try
        {
            input.Write([0, 0, 0, 5, (byte)SftpType.Init, 0, 0, 0, 3]);
            if (ReadPacket() is { } packet)
            {
                if ((SftpType)packet[0] != SftpType.Version)
                    throw new TransientException("what it answers is no SFTP");
                var reader = new SftpReader(packet.AsSpan(1));
                reader.Number();
                while (!reader.IsAtEnd)
                {
                    extensions.Add(reader.Text());
                    reader.Bytes();
                }
                return;
            }
        }
        catch (IOException)
        {
            // ssh has ended; why, it has said.
        }
        if (broken is not null)
            throw new TransientException(broken.Message, broken);
        throw SshFailure.Of(Complaints(), address);
    }

    private void Listen()
    {
        try
        {
            while (ReadPacket() is { } packet)
            {
                if (packet.Length < 5)
                    throw new TransientException("what it answers is no SFTP");
                TaskCompletionSource<SftpAnswer>? asked;
                lock (gate)
                    pending.Remove(BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(1)), out asked);
                if (asked is null)
                    throw new TransientException("it answers what was not asked");
                asked.SetResult(new((SftpType)packet[0], packet[5..]));
            }
            Break(Ended());
        }
        catch (TransientException e)
        {
            Break(e);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Break(Ended());
        }
    }

    /// <summary>Null at the end.</summary>
    private byte[]? ReadPacket()
    {
        Span<byte> head = stackalloc byte[4];
        int count = output.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (count < head.Length)
            return count == 0 ? null : throw new TransientException("the connection was closed in the middle of an answer");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length is 0 or > MostPacket)
            throw new TransientException("what it answers is no SFTP: does its login print something, as from .bashrc?");
        var packet = new byte[length];
        if (output.ReadAtLeast(packet, packet.Length, throwOnEndOfStream: false) < packet.Length)
            throw new TransientException("the connection was closed in the middle of an answer");
        active = options.Clock.GetTimestamp();
        return packet;
    }

    private void ReadErrors()
    {
        var buffer = new byte[4096];
        try
        {
            for (int count; (count = errors.Read(buffer)) > 0;)
                lock (complaints)
                    if (complaints.Length < MostErrors)
                        complaints.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // As at its end.
        }
        errors.Dispose();
    }

    /// <summary>All that ssh says when it ends. A master that stays behind may hold the pipe, so it is not waited for long.</summary>
    private string Complaints()
    {
        errorListener.Join(TimeSpan.FromMilliseconds(500));
        lock (complaints)
            return complaints.ToString();
    }

    private TransientException Ended() => new(SshFailure.Short(Complaints()));

    /// <summary>Whether nothing moves though something should.</summary>
    private void Look()
    {
        bool waits;
        lock (gate)
            waits = pending.Count > 0;
        if ((waits || Volatile.Read(ref writers) > 0) && options.Clock.GetElapsedTime(active) > options.Silence)
            Break(new($"it has not answered for {options.Silence.TotalSeconds:0.#} s"));
    }

    /// <summary>Ends ssh, and with it whoever waits at its pipes.</summary>
    private void Break(TransientException why)
    {
        TaskCompletionSource<SftpAnswer>[] failed;
        lock (gate)
        {
            broken ??= why;
            failed = [.. pending.Values];
            pending.Clear();
        }
        ssh.Terminate();
        foreach (TaskCompletionSource<SftpAnswer> answer in failed)
            answer.SetException(new TransientException(broken.Message, broken));
    }
}
