using System.Buffers.Binary;

namespace Jumpbag.Databases.Servers.Postgres;

/// <summary>
/// Messages of protocol 3: 1 byte of type, 4 of length (itself included, the type not), the content. Sending and receiving may be done
/// by two threads.
/// </summary>
/// <remarks>https://www.postgresql.org/docs/current/protocol-message-formats.html</remarks>
internal sealed class MessageStream(ServerSocket socket)
{
    private const int HeaderSize = 5;

    // Header and small content go out together; long content from where it lies.
    private readonly byte[] gathered = new byte[16 << 10];
    private byte[] message = new byte[1 << 10];

    public ServerSocket Socket => socket;

    /// <summary>One message of these bytes, one after the other.</summary>
    public void Send(char type, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default, ReadOnlySpan<byte> third = default)
    {
        gathered[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(gathered.AsSpan(1), checked(4 + first.Length + second.Length + third.Length));
        int count = HeaderSize;
        Gather(first, ref count);
        Gather(second, ref count);
        Gather(third, ref count);
        socket.Send(gathered.AsSpan(0, count));
    }

    /// <summary>One message of parts that have so many bytes in all, and what stands behind them.</summary>
    public void Send(char type, int length, IEnumerable<ReadOnlyMemory<byte>> parts, ReadOnlySpan<byte> behind)
    {
        gathered[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(gathered.AsSpan(1), checked(4 + length + behind.Length));
        socket.Send(gathered.AsSpan(0, HeaderSize));
        foreach (ReadOnlyMemory<byte> part in parts)
            socket.Send(part.Span);
        socket.Send(behind);
    }

    /// <summary>The messages before the first login have no type.</summary>
    public void SendUntyped(ReadOnlySpan<byte> content)
    {
        var packet = new byte[4 + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(packet, packet.Length);
        content.CopyTo(packet.AsSpan(4));
        socket.Send(packet);
    }

    /// <summary>The next message; its content is valid until the next one is read.</summary>
    /// <param name="most">What the caller can use: more than that is an error, before memory is taken for it.</param>
    public char Read(long most, out ReadOnlySpan<byte> content)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        socket.ReadExactly(header);
        int length = BinaryPrimitives.ReadInt32BigEndian(header[1..]) - 4;
        if (length < 0)
            throw socket.Broken("a message of a negative length");
        if (length > most)
            throw new AnswerTooLargeException();
        if (message.Length < length || (message.Length > 1 << 20 && length < 1 << 16))
            message = new byte[Math.Max(length, 1 << 10)];
        socket.ReadExactly(message.AsSpan(0, length));
        content = message.AsSpan(0, length);
        return (char)header[0];
    }

    private void Gather(ReadOnlySpan<byte> data, ref int count)
    {
        if (data.Length > gathered.Length - count)
        {
            socket.Send(gathered.AsSpan(0, count));
            count = 0;
            if (data.Length >= gathered.Length / 2)
            {
                socket.Send(data);
                return;
            }
        }
        data.CopyTo(gathered.AsSpan(count));
        count += data.Length;
    }
}
