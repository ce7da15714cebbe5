using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>How an input is compressed, told by its first bytes and never by its name.</summary>
public enum Compression
{
    None,
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

public static class Compressions
{
    /// <summary>First bytes that are needed to tell.</summary>
    public const int MagicLength = 10;

    public static Compression Detect(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
            return Compression.Gzip;
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) || IsSkippableZstdFrame(start))
            return Compression.Zstd;
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]))
            return Compression.Xz;
        // "BZh", the block size, then the magic of a block or of an empty stream's end: text may begin with "BZh" too.
        return start.Length >= 10 && start.StartsWith("BZh"u8) && start[3] is >= (byte)'1' and <= (byte)'9'
            && (start[4..10].SequenceEqual((ReadOnlySpan<byte>)[0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) || start[4..10].SequenceEqual((ReadOnlySpan<byte>)[0x17, 0x72, 0x45, 0x38, 0x50, 0x90]))
            ? Compression.Bzip2 : Compression.None;
    }

    public static string Name(this Compression compression) => compression switch
    {
        Compression.Gzip => "gzip",
        Compression.Zstd => "zstd",
        Compression.Xz => "xz",
        Compression.Bzip2 => "bzip2",
        _ => "plain",
    };

    /// <summary>What the input holds decompressed: all members, frames or streams of it, to its end.</summary>
    internal static Stream Decode(Compression compression, CountedStream input) => compression switch
    {
        Compression.Gzip => new GzipToItsEnd(input),
        Compression.Zstd => new ZstdSharp.DecompressionStream(input, checkEndOfStream: true),
        Compression.Xz => new XzStreams(input),
        Compression.Bzip2 => new Bzip2ToItsEnd(input),
        _ => input,
    };

    /// <summary>The same of bytes at hand: plain ones come as they are. What is damaged throws, with the exceptions of the decoder.</summary>
    public static Stream Decode(byte[] packed) =>
        Decode(Detect(packed.AsSpan(0, Math.Min(packed.Length, MagicLength))), new CountedStream(new MemoryStream(packed), ReadOnlyMemory<byte>.Empty));

    /// <summary>What a decoder threw, as a failure that names the place; null where it is not about the data.</summary>
    internal static JumpbagException? Failure(Exception thrown, string name, Compression compression, CountedStream input)
    {
        switch (thrown)
        {
            case UnsupportedException known:
                return new UnsupportedException($"{name}: {known.Message}", known.Hint);
            case JumpbagException known:
                return known;
            case IOException io when io is not EndOfStreamException:
                return new FailedException($"{name}: byte {input.Count} cannot be read: {io.Message}", null, io);
            case OutOfMemoryException or ObjectDisposedException or OperationCanceledException:
                return null;
        }
        if (compression == Compression.None)
            return null;
        bool isCut = thrown is EndOfStreamException || input.IsAtEnd;
        return new CorruptException(isCut
            ? $"{name}: the {compression.Name()} data is cut off or damaged: it ends at compressed byte {input.Count} before it is complete"
            : $"{name}: the {compression.Name()} data is damaged near compressed byte {input.Count}: {thrown.Message.TrimEnd('.')}", "take another copy of the dump");
    }

    private static bool IsSkippableZstdFrame(ReadOnlySpan<byte> start) =>
        start.Length >= 4 && (start[0] & 0xF0) == 0x50 && start[1] == 0x2A && start[2] == 0x4D && start[3] == 0x18;
}
