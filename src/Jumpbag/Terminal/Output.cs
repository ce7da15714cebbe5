using System.Text;
using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Terminal;

/// <summary>Standard output, buffered: results go here and nowhere else. A reader who went away ends the program quietly.</summary>
public sealed class Output : IDisposable
{
    private readonly Stream stream;
    private readonly byte[] buffer = new byte[1 << 16];
    private int used;

    public Output(Stream stream) => this.stream = stream;

    /// <summary>Bytes that went out so far.</summary>
    public static long Written { get; private set; }

    public static Output Standard() => new(new StandardStream(1));

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (used == buffer.Length)
                Flush();
            if (used == 0 && bytes.Length >= buffer.Length)
            {
                WriteThrough(bytes);
                return;
            }
            int count = Math.Min(bytes.Length, buffer.Length - used);
            bytes[..count].CopyTo(buffer.AsSpan(used));
            used += count;
            bytes = bytes[count..];
        }
    }

    public void Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    public void WriteLine(string text)
    {
        Write(text);
        Write("\n"u8);
    }

    public void WriteLine() => Write("\n"u8);

    /// <summary>One JSON document, on a line.</summary>
    public void WriteJson(Action<Utf8JsonWriter> write)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
            write(json);
        Write(memory.GetBuffer().AsSpan(0, (int)memory.Length));
        WriteLine();
    }

    public void Flush()
    {
        if (used == 0)
            return;
        int count = used;
        used = 0;
        WriteThrough(buffer.AsSpan(0, count));
    }

    public void Dispose() => stream.Dispose();

    private void WriteThrough(ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
            Written += bytes.Length;
        }
        catch (IOException e) when (e.HResult == (int)Errno.BrokenPipe)
        {
            throw new BrokenPipeException();
        }
        catch (IOException e)
        {
            throw new FailedException($"standard output: {e.Message}", null, e);
        }
    }
}

/// <summary>Nobody reads our output any more: not a failure to be told.</summary>
public sealed class BrokenPipeException : Exception;
