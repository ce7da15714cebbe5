using System.Buffers.Binary;

namespace Jumpbag.Databases.Servers.Postgres;

/// <summary>Reads integers and strings from one message. What a hostile message lacks is an error, never a read beyond.</summary>
internal ref struct MessageReader(ReadOnlySpan<byte> message, ServerSocket socket)
{
    private ReadOnlySpan<byte> rest = message;

    public readonly int Left => rest.Length;

    public byte Byte() => Take(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > rest.Length)
            throw Short();
        ReadOnlySpan<byte> taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    public ReadOnlySpan<byte> Rest() => Take(rest.Length);

    public ReadOnlySpan<byte> NulTerminated()
    {
        int length = rest.IndexOf((byte)0);
        if (length < 0)
            throw Short();
        ReadOnlySpan<byte> text = Take(length);
        Take(1);
        return text;
    }

    private readonly ConnectionLostException Short() => socket.Broken("a message is shorter than what it holds");
}
