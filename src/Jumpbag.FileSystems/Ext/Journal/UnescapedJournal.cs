using System.Buffers.Binary;
using Jumpbag.FileSystems.Ext.Journal.Format;
using Jumpbag.Storage;

namespace Jumpbag.FileSystems.Ext.Journal;

/// <summary>
/// A journal whose copied blocks are as they belong in the filesystem: where a block happens to begin with jbd2's magic
/// number, the log holds zeros in its place, and here it stands again.
/// </summary>
internal sealed class UnescapedJournal : BlockDevice
{
    private readonly BlockDevice journal;
    private readonly long[] escaped;
    private readonly byte[] magic = new byte[4];

    /// <param name="escaped">Byte offsets of the blocks that begin with the magic number, ascending.</param>
    public UnescapedJournal(BlockDevice journal, long[] escaped)
    {
        this.journal = journal;
        this.escaped = escaped;
        BinaryPrimitives.WriteUInt32BigEndian(magic, JournalSuperblock.Magic);
    }

    public override long Length => journal.Length;

    public override void Read(long offset, Span<byte> destination)
    {
        journal.Read(offset, destination);
        int i = Array.BinarySearch(escaped, offset - magic.Length + 1);
        for (i = i >= 0 ? i : ~i; i < escaped.Length && escaped[i] < offset + destination.Length; i++)
        {
            long from = Math.Max(escaped[i], offset), to = Math.Min(escaped[i] + magic.Length, offset + destination.Length);
            magic.AsSpan((int)(from - escaped[i])..(int)(to - escaped[i])).CopyTo(destination[(int)(from - offset)..]);
        }
    }

    public override IEnumerable<Extent> Extents(long offset, long length) => [new(offset, length, ExtentKind.Computed)];
}
