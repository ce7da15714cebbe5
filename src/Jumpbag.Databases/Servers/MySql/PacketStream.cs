namespace Jumpbag.Databases.Servers.MySql;

/// <summary>
/// Cuts what is sent into packets and puts together what comes: 3 bytes of length, 1 of sequence, the payload; a payload of 16 MiB - 1
/// or more goes on in the next packet.
/// </summary>
/// <remarks>https://mariadb.com/kb/en/0-packet/</remarks>
internal sealed class PacketStream(ServerSocket socket)
{
    public const int MostPayload = 0xFFFFFF;

    private const int HeaderSize = 4;

    // Small pieces are gathered here with the packet's header, so that a statement takes two system calls, and the long piece of it
    // none of our copying.
    private readonly byte[] gathered = new byte[16 << 10];
    private int gatheredCount;
    private byte[] packet = new byte[1 << 10];
    private byte sequence;
    private byte[]? open;
    private int openCount;

    public ServerSocket Socket => socket;

    /// <summary>The next packet begins a new exchange.</summary>
    public void ResetSequence() => sequence = 0;

    /// <summary>Sends these, one after the other, as the payload of one command.</summary>
    public void Send(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default, ReadOnlySpan<byte> third = default,
        ReadOnlySpan<byte> fourth = default)
    {
        long left = (long)first.Length + second.Length + third.Length + fourth.Length;
        int room = 0;
        bool header = true;
        Append(first, ref left, ref room, ref header);
        Append(second, ref left, ref room, ref header);
        Append(third, ref left, ref room, ref header);
        Append(fourth, ref left, ref room, ref header);
        if (header)
            AppendHeader(0);
        Flush();
    }

    /// <summary>Begins a payload whose length is not known; <see cref="More"/> and <see cref="End"/> go on with it.</summary>
    public void Begin(byte first)
    {
        // A packet that is not full is the last one, so it can be sent only when it is full or the end is there.
        open ??= GC.AllocateUninitializedArray<byte>(MostPayload);
        open[0] = first;
        openCount = 1;
    }

    public void More(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            int count = Math.Min(data.Length, MostPayload - openCount);
            data[..count].CopyTo(open.AsSpan(openCount));
            openCount += count;
            data = data[count..];
            if (openCount == MostPayload)
                SendOpen();
        }
    }

    public void End() => SendOpen();

    private void SendOpen()
    {
        AppendHeader(openCount);
        Flush();
        socket.Send(open.AsSpan(0, openCount));
        openCount = 0;
    }

    private void Append(ReadOnlySpan<byte> data, ref long left, ref int room, ref bool header)
    {
        while (!data.IsEmpty)
        {
            if (room == 0)
            {
                room = (int)Math.Min(left, MostPayload);
                AppendHeader(room);
                // A full packet is followed by another one, if only an empty one.
                header = room == MostPayload;
            }
            ReadOnlySpan<byte> part = data[..Math.Min(room, data.Length)];
            Gather(part);
            room -= part.Length;
            left -= part.Length;
            data = data[part.Length..];
        }
    }

    private void AppendHeader(int length)
    {
        Gather([(byte)length, (byte)(length >> 8), (byte)(length >> 16), sequence]);
        sequence++;
    }

    private void Gather(ReadOnlySpan<byte> data)
    {
        if (data.Length > gathered.Length - gatheredCount)
        {
            Flush();
            if (data.Length >= gathered.Length / 2)
            {
                socket.Send(data);
                return;
            }
        }
        data.CopyTo(gathered.AsSpan(gatheredCount));
        gatheredCount += data.Length;
    }

    private void Flush()
    {
        int count = gatheredCount;
        gatheredCount = 0;
        if (count > 0)
            socket.Send(gathered.AsSpan(0, count));
    }

    /// <summary>The next payload, whole; valid until the next one is read.</summary>
    /// <param name="most">What the caller can use: more than that is an error, before memory is taken for it.</param>
    public ReadOnlySpan<byte> Read(long most)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        int total = 0;
        int length;
        do
        {
            socket.ReadExactly(header);
            length = header[0] | header[1] << 8 | header[2] << 16;
            if (header[3] != sequence && total > 0)
                throw socket.Broken("packets are out of order");
            sequence = (byte)(header[3] + 1);
            if (total + (long)length > most)
                throw new AnswerTooLargeException();
            Grow(total, length);
            socket.ReadExactly(packet.AsSpan(total, length));
            total += length;
        }
        while (length == MostPayload);
        return packet.AsSpan(0, total);
    }

    private void Grow(int used, int more)
    {
        // Room that one large answer took is given back with the first small one.
        if (packet.Length - used < more || (packet.Length > 1 << 20 && used == 0 && more < 1 << 16))
            Array.Resize(ref packet, Math.Max(used + more, 1 << 10));
    }
}

