using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Facts.SystemdJournal;

/// <summary>The payload of a data object, "MESSAGE=text", which is compressed where it is long.</summary>
internal static class JournalPayload
{
    private const byte Xz = 1, Lz4 = 2, Zstd = 4;

    /// <summary>The beginning of it.</summary>
    /// <param name="flags">Of the object.</param>
    /// <param name="most">Bytes that are wanted.</param>
    public static byte[] Unpack(byte flags, byte[] packed, int most)
    {
        switch (flags & (Xz | Lz4 | Zstd))
        {
            case 0:
                return packed.Length <= most ? packed : packed[..most];
            case Lz4:
                return Lz4Block(packed, most);
            case Xz or Zstd:
                return Stream(packed, most);
            default:
                throw new CorruptException($"data are compressed in several ways at once (0x{flags:x})");
        }
    }

    private static byte[] Stream(byte[] packed, int most)
    {
        try
        {
            using Stream plain = Compressions.Decode(packed);
            var text = new byte[most];
            return text[..plain.ReadAtLeast(text, most, throwOnEndOfStream: false)];
        }
        // The decoders throw each in its own way.
        catch (Exception e) when (e is not (JumpbagException or OutOfMemoryException))
        {
            throw new CorruptException($"compressed data are damaged: {e.Message}");
        }
    }

    /// <summary>8 bytes say how long it is, then comes a block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md): literals, and copies of what came before.</summary>
    private static byte[] Lz4Block(byte[] packed, int most)
    {
        if (packed.Length < 8)
            throw new CorruptException("compressed data end within their header");
        var text = new byte[Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(packed), (ulong)most)];
        int done = 0, at = 8;
        while (done < text.Length)
        {
            byte token = Next();
            int literals = Extended(token >> 4);
            int count = Math.Min(literals, text.Length - done);
            if (count > packed.Length - at)
                throw new CorruptException("compressed data end too early");
            packed.AsSpan(at, count).CopyTo(text.AsSpan(done));
            at += count;
            done += count;
            if (done == text.Length)
                break;
            int distance = Next() | Next() << 8;
            if (distance == 0 || distance > done)
                throw new CorruptException("compressed data refer to what lies before their beginning");
            for (int copies = Math.Min(Extended(token & 15) + 4, text.Length - done); copies > 0; copies--, done++)
                text[done] = text[done - distance];
        }
        return text;

        byte Next() => at < packed.Length ? packed[at++] : throw new CorruptException("compressed data end too early");

        // 15 goes on with bytes that are added, as long as they are 255.
        int Extended(int length)
        {
            if (length == 15)
            {
                byte more;
                do
                    length = Math.Min(length + (more = Next()), int.MaxValue / 2);
                while (more == 255);
            }
            return length;
        }
    }
}
