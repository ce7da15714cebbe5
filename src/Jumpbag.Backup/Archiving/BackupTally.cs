using Jumpbag.Core;
using Jumpbag.Core.Events;

namespace Jumpbag.Backup.Archiving;

/// <summary>What a backup has dealt with so far, counted by all of its threads.</summary>
internal sealed class BackupTally(EventSink events)
{
    private long files, unchanged, folders, others, bytes, notSaved;

    public long Files => Interlocked.Read(ref files);

    public long Unchanged => Interlocked.Read(ref unchanged);

    public long Folders => Interlocked.Read(ref folders);

    public long Others => Interlocked.Read(ref others);

    public long Bytes => Interlocked.Read(ref bytes);

    public long NotSaved => Interlocked.Read(ref notSaved);

    public void AddFile(bool isUnchanged)
    {
        Interlocked.Increment(ref files);
        if (isUnchanged)
            Interlocked.Increment(ref unchanged);
    }

    public void AddFolder() => Interlocked.Increment(ref folders);

    public void AddOther() => Interlocked.Increment(ref others);

    public void AddBytes(long count) => Interlocked.Add(ref bytes, count);

    public void AddNotSaved(ByteString path, string reason)
    {
        Interlocked.Increment(ref notSaved);
        events(new FileNotSaved(path.ToString(), reason));
    }
}
