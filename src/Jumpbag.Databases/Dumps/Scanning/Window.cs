using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;

namespace Jumpbag.Databases.Dumps.Scanning;

/// <summary>
/// The part of an input that is being scanned: from <see cref="Offset"/> on, as many bytes as were read. It moves on by
/// <see cref="Take"/>; <see cref="Fill"/> reads more and may move the bytes in memory, so spans are good until then.
/// </summary>
internal sealed class Window(int size, int maximum)
{
    private byte[] buffer = GC.AllocateUninitializedArray<byte>(size);
    private DumpStream? stream;
    private string name = "";
    private bool isCompressed;
    private int start, end, counted;
    private long lines;

    /// <summary>Bytes of the input before <see cref="Bytes"/>.</summary>
    public long Offset { get; private set; }

    /// <summary>All of the input that is left is in <see cref="Bytes"/>.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Why no more came, where compressed data is damaged or cut: what stands before is good. Null where it isn't.</summary>
    public string? Damage { get; private set; }

    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(start, end - start);

    public int Length => end - start;

    /// <summary>The line in which <see cref="Bytes"/> begins, from 1.</summary>
    public long Line
    {
        get
        {
            CountLines();
            return lines + 1;
        }
    }

    public void Open(DumpFile file)
    {
        stream = file.OpenRead();
        name = file.Name;
        isCompressed = file.Compression != Compression.None;
        Damage = null;
        start = end = counted = 0;
        Offset = lines = 0;
        IsAtEnd = false;
    }

    /// <summary>At least one byte more; false at the end of the input.</summary>
    public bool Fill()
    {
        if (IsAtEnd)
            return false;
        if (end == buffer.Length || (start > 0 && buffer.Length - end < size / 2))
            MakeRoom();
        int read = Read(buffer.AsSpan(end));
        end += read;
        IsAtEnd = read == 0;
        return read > 0;
    }

    private int Read(Span<byte> free)
    {
        try
        {
            return stream!.Read(free);
        }
        catch (CorruptException e) when (isCompressed)
        {
            Damage = e.Message.StartsWith(name + ": ", StringComparison.Ordinal) ? e.Message[(name.Length + 2)..] : e.Message;
            return 0;
        }
    }

    /// <summary>Fills until so many bytes are there, or all that are left.</summary>
    public void Want(int count)
    {
        while (Length < count && Fill())
        {
        }
    }

    public void Take(int count)
    {
        start += count;
        Offset += count;
    }

    private void CountLines()
    {
        lines += buffer.AsSpan(counted, start - counted).Count((byte)'\n');
        counted = start;
    }

    private void MakeRoom()
    {
        CountLines();
        int length = end - start;
        // Less than half free after moving: then bytes would be moved again and again.
        if (length > buffer.Length / 2)
        {
            if (buffer.Length >= maximum)
                throw new UnsupportedException($"{name}: the statement or row at byte {Offset} is longer than {ByteSize.Format(maximum)}",
                    "is the dump damaged, or a quotation mark missing there?");
            byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(maximum, buffer.Length * 2L));
            buffer.AsSpan(start, length).CopyTo(larger);
            buffer = larger;
        }
        else
        {
            // A window that once had to hold a huge row gives the memory back.
            byte[] target = buffer.Length > 64L * size && length < size / 2 ? GC.AllocateUninitializedArray<byte>(size) : buffer;
            buffer.AsSpan(start, length).CopyTo(target);
            buffer = target;
        }
        start = counted = 0;
        end = length;
    }
}
