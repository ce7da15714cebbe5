using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Incident.Journal;

/// <summary>Reads journals without locking them: what stands behind the last newline is not there yet.</summary>
public static class JournalReader
{
    /// <summary>Some 100,000 events.</summary>
    public const long MostBytes = 64 << 20;

    /// <summary>Null where there is no such file.</summary>
    public static byte[]? TryReadBytes(string path, long offset = 0)
    {
        Errno error = FileHandle.OpenToRead(ByteString.FromArgument(path), out FileHandle? file);
        if (error is Errno.NoEntry or Errno.NotDirectory)
            return null;
        using (file)
        {
            FileStatus status = default;
            if (error == Errno.None)
                error = file!.Status(out status);
            error.ThrowIfFailed(path);
            if (!status.IsRegular)
                throw new FailedException($"{path}: is not a regular file");
            long length = status.Size - offset;
            if (length > MostBytes)
                throw new UnsupportedException($"{path}: a journal of more than {ByteSize.Format(MostBytes)} is not read");
            if (length <= 0)
                return [];
            var bytes = new byte[length];
            int count = file!.Read(bytes, offset);
            return count == bytes.Length ? bytes : bytes[..count];
        }
    }

    /// <exception cref="NotFoundException">There is no such file.</exception>
    public static byte[] ReadBytes(string path) => TryReadBytes(path) ?? throw new NotFoundException($"{path}: no such journal");

    /// <summary>The events in lines, in their order; what is none is passed over (verify tells of it).</summary>
    public static IEnumerable<Entry> Entries(IEnumerable<ReadOnlyMemory<byte>> lines) => lines.Select(EntryLine.Parse).OfType<Entry>();
}
