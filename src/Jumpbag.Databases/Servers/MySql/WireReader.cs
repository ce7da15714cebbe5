using System.Buffers.Binary;

namespace Jumpbag.Databases.Servers.MySql;

/// <summary>Reads the protocol's integers and strings from one packet. What a hostile packet lacks is an error, never a read beyond.</summary>
/// <remarks>https://mariadb.com/kb/en/protocol-data-types/</remarks>
internal ref struct WireReader(ReadOnlySpan<byte> packet, ServerSocket socket)
{
    private readonly ReadOnlySpan<byte> packet = packet;

    public int Position { get; private set; }

    public readonly int Left => packet.Length - Position;

    public readonly byte Peek => Left > 0 ? packet[Position] : throw Short();

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Left)
            throw Short();
        ReadOnlySpan<byte> taken = packet.Slice(Position, count);
        Position += count;
        return taken;
    }

    public ReadOnlySpan<byte> Rest() => Take(Left);

    public ReadOnlySpan<byte> NulTerminated()
    {
        int length = packet[Position..].IndexOf((byte)0);
        if (length < 0)
            throw Short();
        ReadOnlySpan<byte> text = Take(length);
        Position++;
        return text;
    }

    /// <summary>A length-encoded integer; null for SQL's NULL.</summary>
    public ulong? Integer()
    {
        byte first = Byte();
        switch (first)
        {
            case 0xFB:
                return null;
            case 0xFC:
                return UInt16();
            case 0xFD:
                ReadOnlySpan<byte> three = Take(3);
                return (ulong)(three[0] | three[1] << 8 | three[2] << 16);
            case 0xFE:
                return BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
            case 0xFF:
                throw socket.Broken("an integer begins with 255");
            default:
                return first;
        }
    }

    public ulong Count() => Integer() ?? throw socket.Broken("NULL where a number belongs");

    /// <summary>A length-encoded string; <paramref name="isNull"/> for SQL's NULL.</summary>
    public ReadOnlySpan<byte> Text(out bool isNull)
    {
        ulong? length = Integer();
        isNull = length is null;
        if (length > (ulong)Left)
            throw Short();
        return Take((int)(length ?? 0));
    }

    private readonly ConnectionLostException Short() => socket.Broken("a packet is shorter than what it holds");
}
