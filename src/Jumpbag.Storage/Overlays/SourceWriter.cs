using System.Runtime.InteropServices;
using Jumpbag.Core;
using Microsoft.Win32.SafeHandles;

namespace Jumpbag.Storage.Overlays;

/// <summary>An image or block device opened to be written: by a commit, and by nothing else in Jumpbag.</summary>
internal sealed partial class SourceWriter : IDisposable
{
    private const int Busy = 16;

    private readonly string path;
    private readonly SafeFileHandle handle;

    private SourceWriter(string path, SafeFileHandle handle)
    {
        this.path = path;
        this.handle = handle;
    }

    /// <summary>The very file that is open for reading, whatever its name leads to by now.</summary>
    /// <exception cref="UnsupportedException">A block device is mounted, or a part of something that is in use.</exception>
    /// <exception cref="FailedException">It may not be written.</exception>
    public static SourceWriter Open(FileSource source)
    {
        const int ReadWriteCloseOnExec = 0x80002, Exclusive = 0x80;
        byte[] name = [.. System.Text.Encoding.ASCII.GetBytes($"/proc/self/fd/{source.Handle.DangerousGetHandle()}"), 0];
        // O_EXCL on a block device asks the kernel whether anyone holds it: a mount, a volume group, an array, swap.
        int descriptor = open(name, ReadWriteCloseOnExec | (source.IsBlockDevice ? Exclusive : 0));
        if (descriptor >= 0)
            return new(source.Path, new(descriptor, ownsHandle: true));
        int error = Marshal.GetLastPInvokeError();
        throw error == Busy
            ? new UnsupportedException($"{source.Path}: is in use: mounted, or held by a volume group, an array or swap", "unmount it (and deactivate what stands on it), then run this again")
            : new FailedException($"{source.Path}: cannot be written: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(handle, bytes, offset);
        }
        catch (IOException e)
        {
            throw Failed($"bytes {offset}..{offset + bytes.Length - 1} cannot be written", e);
        }
    }

    public void Sync()
    {
        try
        {
            RandomAccess.FlushToDisk(handle);
        }
        catch (IOException e)
        {
            throw Failed("what was written did not reach the disk", e);
        }
    }

    public void Dispose() => handle.Dispose();

    private FailedException Failed(string what, IOException e) =>
        new($"{path}: {what}: {e.Message}", "the undo file holds what stood there: 'jumpbag fsck --undo' puts it back", e);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(byte[] path, int flags);
}

/// <summary>All sources of a commit, open to be written: either all can be had, or none is touched.</summary>
public sealed class SourceWriters : IDisposable
{
    private readonly Dictionary<FileSource, SourceWriter> writers = [];

    private SourceWriters()
    {
    }

    /// <exception cref="UnsupportedException">A block device is mounted, or a part of something that is in use.</exception>
    /// <exception cref="FailedException">One may not be written.</exception>
    public static SourceWriters Open(IEnumerable<FileSource> sources)
    {
        var all = new SourceWriters();
        try
        {
            foreach (FileSource source in sources)
                all.writers.Add(source, SourceWriter.Open(source));
            return all;
        }
        catch
        {
            all.Dispose();
            throw;
        }
    }

    internal void Write(FileSource source, ReadOnlySpan<byte> bytes, long offset) => writers[source].Write(bytes, offset);

    /// <summary>What was written has reached the disks when this returns.</summary>
    internal void Sync()
    {
        foreach (SourceWriter writer in writers.Values)
            writer.Sync();
    }

    public void Dispose()
    {
        foreach (SourceWriter writer in writers.Values)
            writer.Dispose();
    }
}
