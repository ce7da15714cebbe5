using Jumpbag.Core;

namespace Jumpbag.Databases.Dumps.Input;

/// <summary>One input of a dump. It is read from start to end, once at a time; a regular file can be opened again.</summary>
public sealed class DumpFile : IDisposable
{
    /// <summary>Enough to know the program that wrote it.</summary>
    private const int HeadLength = 64 << 10;

    private readonly Stream? pipe;
    private readonly byte[] ahead;
    private bool isTaken;
    private DumpStream? open;

    private DumpFile(string name, string? path, Stream? pipe, byte[] ahead, long? length)
    {
        (Name, Path, this.pipe, this.ahead, Length) = (name, path, pipe, ahead, length);
        Compression = Compressions.Detect(ahead);
        PlainHead = Compression == Compression.None ? ahead : Head();
        if (Compression != Compression.None)
            ForeignDump.RefuseWithin(name, Compression, PlainHead.Span);
    }

    /// <summary>As messages name it: its path, or "standard input".</summary>
    public string Name { get; }

    /// <summary>Null of standard input.</summary>
    public string? Path { get; }

    public Compression Compression { get; }

    /// <summary>Bytes on disk, as compressed as they are; null of a pipe.</summary>
    public long? Length { get; }

    /// <summary>A regular file: it can be looked at before it is loaded, and read more than once.</summary>
    public bool IsRegular => Path is not null && Length is not null;

    /// <summary>Decompressed bytes, where they are known without reading it all: of a plain regular file.</summary>
    public long? PlainLength => Compression == Compression.None ? Length : null;

    /// <summary>The first bytes, decompressed, up to 64 KiB; of a plain pipe what has come by then.</summary>
    public ReadOnlyMemory<byte> PlainHead { get; }

    /// <summary>Set before a regular file is read: of its bytes as they lie on disk, once it was read to its end.</summary>
    public Fingerprint? Fingerprint { get; set; }

    /// <summary>Statements that stand before what is in it: what else tells where it belongs.</summary>
    public IReadOnlyList<string> Opening { get; set; } = [];

    /// <summary>Bytes of <see cref="Length"/> that have been read; for progress, from any thread.</summary>
    public long Position => open?.CompressedPosition ?? 0;

    /// <param name="path">"-" is standard input.</param>
    /// <exception cref="JumpbagException">It isn't there or can't be read, or it is a kind of dump that a plain one's reader can't read.</exception>
    public static DumpFile Open(string path)
    {
        if (path == "-")
            return FromPipe("standard input", null, new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0));
        if (Directory.Exists(path))
            throw File.Exists(System.IO.Path.Combine(path, "toc.dat"))
                ? new UnsupportedException($"{path}: is a dump of pg_dump in its directory format", ForeignDump.Hint)
                : new UnsupportedException($"{path}: is a folder", "the folders of mydumper are known; of others, name the files in the order in which they are to be loaded");
        FileStream file;
        try
        {
            file = new FileStream(path, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NotFoundException($"{path}: no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: {(e is UnauthorizedAccessException ? "permission denied" : e.Message)}", null, e);
        }
        if (!file.CanSeek)
            return FromPipe(path, path, file);
        try
        {
            byte[] ahead = ReadAhead(file, path);
            long length = file.Length;
            file.Dispose();
            ForeignDump.Refuse(path, ahead);
            return new(path, path, null, ahead, length);
        }
        finally
        {
            file.Dispose();
        }
    }

    /// <summary>From a stream that can be read once, such as a pipe or a decoder of the caller's.</summary>
    public static DumpFile FromPipe(string name, string? path, Stream stream)
    {
        byte[] ahead = ReadAhead(stream, name);
        ForeignDump.Refuse(name, ahead);
        return new(name, path, stream, ahead, null);
    }

    /// <summary>Its bytes, decompressed. One stream at a time is open.</summary>
    public DumpStream OpenRead()
    {
        if (!IsRegular && isTaken)
            throw new InvalidOperationException($"{Name} can be read only once");
        isTaken = true;
        if (pipe is not null && open is not null)
            return open;
        open?.Dispose();
        CountedStream counted = pipe is not null ? new(pipe, ahead) : new(new FileStream(Path!, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan }), default, Fingerprint);
        return open = new DumpStream(this, counted);
    }

    public void Dispose()
    {
        open?.Dispose();
        pipe?.Dispose();
    }

    private static byte[] ReadAhead(Stream stream, string name)
    {
        var head = new byte[HeadLength];
        int count = 0;
        try
        {
            // Of a pipe only what is needed at least is waited for.
            for (int read; count < head.Length && (count < 4096 || stream.CanSeek) && (read = stream.Read(head, count, head.Length - count)) > 0;)
                count += read;
        }
        catch (IOException e)
        {
            throw new FailedException($"{name}: {e.Message}", null, e);
        }
        return head[..count];
    }

    /// <summary>What of a pipe is decoded for it is kept for whoever reads the dump.</summary>
    private ReadOnlyMemory<byte> Head()
    {
        if (pipe is not null)
            return (open = new DumpStream(this, new(pipe, ahead))).Peek(HeadLength);
        using var stream = new DumpStream(this, new(File.OpenRead(Path!), default));
        return stream.Peek(HeadLength);
    }
}
