using Jumpbag.Core;

namespace Jumpbag.Databases.Loading.Postgres;

/// <summary>A statement that is too long to be held, in a file without a name: whatever happens, nothing of it stays behind.</summary>
internal sealed class KeptStatement : IDisposable
{
    private const int PartSize = 1 << 20;

    private readonly string folder = Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } told ? told : "/var/tmp";
    private readonly FileStream file;

    /// <exception cref="FailedException">There is no place for it.</exception>
    public KeptStatement()
    {
        string path = Path.Combine(folder, $"jumpbag-{Guid.NewGuid():N}");
        try
        {
            file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    /// <summary>So far, bytes.</summary>
    public long Length => file.Length;

    public void Add(ReadOnlySpan<byte> part)
    {
        try
        {
            file.Write(part);
        }
        catch (IOException e)
        {
            throw Failed(e);
        }
    }

    /// <summary>All of it, each part good until the next one is taken.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Parts()
    {
        file.Position = 0;
        var buffer = new byte[PartSize];
        while (file.Read(buffer) is > 0 and var count)
            yield return buffer.AsMemory(0, count);
    }

    public void Dispose() => file.Dispose();

    private FailedException Failed(Exception e) =>
        new($"{folder}: a statement that is too long for memory can't be kept there: {e.Message}", "TMPDIR names another folder; --resume goes on", e);
}
