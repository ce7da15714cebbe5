using System.Buffers.Binary;
using System.Text;

namespace Jumpbag.Backup.Stores.Sftp;

/// <summary>The types of packets, of the version that every server speaks.</summary>
/// <remarks>https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02</remarks>
internal enum SftpType : byte
{
    Init = 1,
    Version = 2,
    Open = 3,
    Close = 4,
    Read = 5,
    Write = 6,
    SetStat = 9,
    OpenDir = 11,
    ReadDir = 12,
    Remove = 13,
    MkDir = 14,
    Stat = 17,
    Rename = 18,
    Status = 101,
    Handle = 102,
    Data = 103,
    Name = 104,
    Attrs = 105,
    Extended = 200,
}

internal enum SftpStatus : uint
{
    Ok = 0,
    Eof = 1,
    NoSuchFile = 2,
    PermissionDenied = 3,
    Failure = 4,
    BadMessage = 5,
    NoConnection = 6,
    ConnectionLost = 7,
    Unsupported = 8,
}

/// <summary>A request as it is put together: length, type, number, and then numbers and strings, each in network order.</summary>
internal sealed class SftpRequest
{
    private const int HeaderSize = 9;

    private byte[] bytes;
    private int length = HeaderSize;

    public SftpRequest(SftpType type, int room = 256)
    {
        bytes = new byte[room];
        bytes[4] = (byte)type;
    }

    public SftpRequest Add(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Room(4), value);
        return this;
    }

    public SftpRequest Add(ulong value) => Add((uint)(value >> 32)).Add((uint)value);

    public SftpRequest Add(ReadOnlySpan<byte> text)
    {
        Add((uint)text.Length);
        text.CopyTo(Room(text.Length));
        return this;
    }

    public SftpRequest Add(string text) => Add(Encoding.UTF8.GetBytes(text));

    /// <summary>The packet, numbered.</summary>
    public ReadOnlySpan<byte> Packet(uint number)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)length - 4);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(5), number);
        return bytes.AsSpan(0, length);
    }

    private Span<byte> Room(int count)
    {
        if (bytes.Length - length < count)
            Array.Resize(ref bytes, Math.Max(2 * bytes.Length, length + count));
        length += count;
        return bytes.AsSpan(length - count, count);
    }
}

/// <summary>What stands behind a packet's number, read from front to back.</summary>
internal ref struct SftpReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    public readonly bool IsAtEnd => rest.IsEmpty;

    public uint Number() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong Long() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    public ReadOnlySpan<byte> Bytes() => Take(Number());

    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>Of a file's attributes the length and the mode, where they are there.</summary>
    public (long? Length, uint? Mode) Attributes()
    {
        uint flags = Number();
        long? length = (flags & 1) != 0 ? checked((long)Math.Min(Long(), long.MaxValue)) : null;
        if ((flags & 2) != 0)
            Take(8);
        uint? mode = (flags & 4) != 0 ? Number() : null;
        if ((flags & 8) != 0)
            Take(8);
        for (uint left = (flags & 0x8000_0000) != 0 ? Number() : 0; left > 0; left--)
        {
            Bytes();
            Bytes();
        }
        return (length, mode);
    }

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > rest.Length)
            throw new TransientException("what it answers is no SFTP");
        ReadOnlySpan<byte> taken = rest[..(int)count];
        rest = rest[(int)count..];
        return taken;
    }
}

/// <summary>An answer: its type, and what stands behind its number.</summary>
internal sealed record SftpAnswer(SftpType Type, byte[] Body)
{
    public SftpReader Reader() => new(Body);

    /// <summary>Null of an answer that is no status.</summary>
    public SftpStatus? Status => Type == SftpType.Status ? (SftpStatus)Reader().Number() : null;
}
