using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// Keeps a bounded number of the destination's directories open. One that was closed meanwhile is opened again, name by name
/// from the nearest that is still open, following nothing. The folder at the top stays open.
/// </summary>
internal sealed class OpenDirectories(int capacity)
{
    private readonly Lock gate = new();
    private readonly Queue<DirectoryCopy> open = new();

    /// <summary>Takes over the handle of a directory that was just opened.</summary>
    public void Add(DirectoryCopy directory, DirectoryHandle handle)
    {
        lock (gate)
            Keep(directory, handle);
    }

    /// <summary>The open directory, which stays so until <see cref="Release"/>.</summary>
    /// <exception cref="FailedException">It is not there any more.</exception>
    public DirectoryHandle Acquire(DirectoryCopy directory)
    {
        lock (gate)
        {
            if (directory.Handle is null)
                Reopen(directory);
            directory.Pins++;
            return directory.Handle!;
        }
    }

    public void Release(DirectoryCopy directory)
    {
        lock (gate)
            directory.Pins--;
    }

    /// <summary>It will hardly be needed again.</summary>
    public void Close(DirectoryCopy directory)
    {
        lock (gate)
            if (directory.Pins == 0)
            {
                directory.Handle?.Dispose();
                directory.Handle = null;
            }
    }

    public void CloseAll()
    {
        lock (gate)
            foreach (DirectoryCopy directory in open)
                directory.Handle?.Dispose();
    }

    private void Reopen(DirectoryCopy directory)
    {
        var way = new Stack<DirectoryCopy>();
        DirectoryCopy at = directory;
        for (; at.Handle is null; at = at.Parent ?? throw new FailedException("the destination was closed"))
            way.Push(at);
        while (way.TryPop(out DirectoryCopy? next))
        {
            Errno error = at.Handle!.OpenDirectory(next.Name.Span, out DirectoryHandle? handle);
            if (error != Errno.None)
                throw error.Failed($"the folder {next.Name} of the destination cannot be opened any more");
            next.Pins++;
            Keep(next, handle!);
            next.Pins--;
            at = next;
        }
    }

    private void Keep(DirectoryCopy directory, DirectoryHandle handle)
    {
        directory.Handle = handle;
        open.Enqueue(directory);
        // Those that were finished are in the queue still; those in use go to its end again.
        for (int tries = open.Count; open.Count > capacity && tries > 0; tries--)
        {
            DirectoryCopy oldest = open.Dequeue();
            if (oldest.Handle is null)
                continue;
            if (oldest.Pins > 0 || oldest.Parent is null || oldest == directory)
                open.Enqueue(oldest);
            else
            {
                oldest.Handle.Dispose();
                oldest.Handle = null;
            }
        }
    }
}
