using System.Diagnostics;
using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Incident.Events;

namespace Jumpbag.Incident.Journal;

/// <summary>A place where a journal can't be written, and why; something else is tried.</summary>
public sealed class PlaceException(string path, string reason) : Exception($"{path}: {reason}")
{
    public string Path { get; } = path;

    public string Reason { get; } = reason;
}

/// <summary>
/// A journal's file (or a fallback's), open for appending and locked against everyone else's appending. What was appended and
/// not undone is on the disk when <see cref="Append"/> is back.
/// </summary>
internal sealed class JournalFile : IDisposable
{
    /// <summary>Whoever holds the lock longer than this was stopped.</summary>
    public static readonly TimeSpan LockDeadline = TimeSpan.FromSeconds(5);

    private const int TailBlock = 64 << 10;

    private readonly FileHandle file;
    private readonly string path;
    private long length;

    private JournalFile(FileHandle file, string path, long length)
    {
        this.file = file;
        this.path = path;
        this.length = length;
    }

    /// <summary>A torn tail that was set aside as this file was opened.</summary>
    public Recovered? SetAside { get; private set; }

    /// <summary>The last whole event in it; null where there is none.</summary>
    public Entry? Last { get; private set; }

    /// <exception cref="PlaceException">It can't be written to.</exception>
    public static JournalFile Open(string path, bool create)
    {
        FileHandle file = OpenLocked(path, create, out long length);
        var journal = new JournalFile(file, path, length);
        try
        {
            journal.Mend();
            journal.Last = journal.FindLast();
            return journal;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Adds lines, each with its newline, all or (where that fails) none.</summary>
    public void Append(IReadOnlyCollection<ReadOnlyMemory<byte>> lines, Entry last)
    {
        using var memory = new MemoryStream();
        foreach (ReadOnlyMemory<byte> line in lines)
        {
            memory.Write(line.Span);
            memory.WriteByte((byte)'\n');
        }
        Errno error = file.Write(memory.GetBuffer().AsSpan(0, (int)memory.Length), length);
        if (error == Errno.None)
            error = file.Sync();
        if (error == Errno.None && length == 0)
            error = SyncFolder(path);
        if (error != Errno.None)
        {
            // Not acknowledged, so it must not stay; where even this fails it is a torn tail, or an event too many.
            _ = file.Truncate(length);
            throw new PlaceException(path, error.Describe());
        }
        length += memory.Length;
        Last = last;
    }

    public long Length => length;

    public byte[] ReadAll() => Read(0, length);

    public byte[] ReadFrom(long start, long end) => Read(start, end);

    /// <summary>Takes the file away, whose events are elsewhere now, while nobody can append to it.</summary>
    public void Remove()
    {
        File.Delete(path);
        _ = SyncFolder(path);
    }

    public void Dispose() => file.Dispose();

    private static FileHandle OpenLocked(string path, bool create, out long length)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            Errno error = FileHandle.Open(ByteString.FromArgument(path), create ? 0x180 : null, out FileHandle? file);
            if (error != Errno.None)
                throw new PlaceException(path, error.Describe());
            try
            {
                bool locked = false;
                while (error == Errno.None && !locked)
                {
                    error = file!.TryLock(out locked);
                    if (!locked && error == Errno.None && Stopwatch.GetElapsedTime(begin) > LockDeadline)
                        throw new PlaceException(path, $"another process has held its lock for {LockDeadline.TotalSeconds:0} seconds");
                    if (!locked)
                        Thread.Sleep(2);
                }
                FileStatus status = default;
                if (error == Errno.None)
                    error = file!.Status(out status);
                if (error != Errno.None)
                    throw new PlaceException(path, error.Describe());
                if (!status.IsRegular)
                    throw new PlaceException(path, "is not a regular file");
                length = status.Size;
                // A fallback's file may have been taken in and removed while its lock was waited for.
                if (FileStatus.Of(ByteString.FromArgument(path), out FileStatus named) == Errno.None
                    && (named.Inode == status.Inode && named.Device == status.Device || !named.IsRegular))
                {
                    FileHandle kept = file!;
                    file = null;
                    return kept;
                }
            }
            finally
            {
                file?.Dispose();
            }
            if (!create)
                throw new PlaceException(path, Errno.NoEntry.Describe());
        }
    }

    /// <summary>Puts right how the last writer left it, if that was in the middle.</summary>
    private void Mend()
    {
        byte[] tail = TailFrom(LastNewline());
        if (tail.Length == 0)
            return;
        Errno error;
        if (EntryLine.HashOf(tail) is { } hash && EntryLine.ContentHash(tail) == hash)
        {
            error = file.Write("\n"u8, length);
            if (error == Errno.None)
                error = file.Sync();
            length++;
        }
        else
        {
            string aside = System.IO.Path.ChangeExtension(path, ".torn");
            Keep(aside, tail);
            error = file.Truncate(length - tail.Length);
            if (error == Errno.None)
                error = file.Sync();
            length -= tail.Length;
            SetAside = new(System.IO.Path.GetFileName(aside), tail.Length, Convert.ToHexStringLower(Sha256.Hash(tail)));
        }
        if (error != Errno.None)
            throw new PlaceException(path, error.Describe());
    }

    /// <summary>"BYTES\n", the bytes, "\n".</summary>
    private static void Keep(string aside, byte[] tail)
    {
        Errno error = FileHandle.Open(ByteString.FromArgument(aside), 0x180, out FileHandle? file);
        using (file)
        {
            FileStatus status = default;
            if (error == Errno.None)
                error = file!.Status(out status);
            if (error == Errno.None)
                error = file!.Write((byte[])[.. Encoding.ASCII.GetBytes(tail.Length.ToString(CultureInfo.InvariantCulture) + "\n"), .. tail, (byte)'\n'], status.Size);
            if (error == Errno.None)
                error = file!.Sync();
            if (error == Errno.None)
                error = SyncFolder(aside);
        }
        if (error != Errno.None)
            throw new PlaceException(aside, error.Describe());
    }

    /// <summary>The byte behind the last newline.</summary>
    private long LastNewline()
    {
        for (long end = length; end > 0;)
        {
            long start = Math.Max(0, end - TailBlock);
            byte[] block = Read(start, end);
            int at = block.AsSpan().LastIndexOf((byte)'\n');
            if (at >= 0)
                return start + at + 1;
            end = start;
        }
        return 0;
    }

    private byte[] TailFrom(long start) => length - start > JournalReader.MostBytes
        ? throw new PlaceException(path, "it is no journal: a line without an end") : Read(start, length);

    private Entry? FindLast()
    {
        // Whatever stands at the end that is no event (someone edited the file) is passed over; verify tells of it.
        for (long block = TailBlock; ; block *= 4)
        {
            long start = Math.Max(0, length - block);
            IReadOnlyList<ReadOnlyMemory<byte>> lines = JournalLines.Split(Read(start, length)).Whole;
            for (int i = lines.Count - 1; i >= (start > 0 ? 1 : 0); i--)
                if (EntryLine.Parse(lines[i]) is { } entry)
                    return entry;
            if (start == 0)
                return null;
            if (block > JournalReader.MostBytes)
                throw new PlaceException(path, "it is no journal: no event stands in it");
        }
    }

    private byte[] Read(long start, long end)
    {
        if (end - start > JournalReader.MostBytes)
            throw new UnsupportedException($"{path}: a journal of more than {ByteSize.Format(JournalReader.MostBytes)} is not read", "open a new incident");
        var bytes = new byte[end - start];
        if (file.Read(bytes, start) != bytes.Length)
            throw new PlaceException(path, "it could not be read to its end");
        return bytes;
    }

    private static Errno SyncFolder(string path) => Folder.Sync(System.IO.Path.GetDirectoryName(path)!);
}
