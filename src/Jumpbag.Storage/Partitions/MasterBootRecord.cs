using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Partitions;

/// <summary>
/// A master boot record, or an extended one, which has the same form.
/// https://wiki.osdev.org/MBR_(x86)
/// </summary>
/// <remarks><code>
/// 440 disk identifier   446 four entries of 16 bytes   510 55 AA
/// entry: 0 boot flag   4 type   8 first sector   12 sectors
/// </code></remarks>
internal sealed class MasterBootRecord
{
    public const int Length = 512;

    private MasterBootRecord(uint id, Entry[] entries)
    {
        Id = id;
        Entries = entries;
    }

    /// <summary>0 where there is none.</summary>
    public uint Id { get; }

    /// <summary>Four, used or not.</summary>
    public IReadOnlyList<Entry> Entries { get; }

    /// <summary>Null where the bytes are none: no 55 AA, or a boot flag that no table has, as in the boot sector of a filesystem.</summary>
    public static MasterBootRecord? Parse(ReadOnlySpan<byte> b)
    {
        if (b.Length < Length || b.Le16(510) != 0xAA55)
            return null;
        var entries = new Entry[4];
        for (int i = 0; i < 4; i++)
        {
            ReadOnlySpan<byte> e = b.Slice(446 + i * 16, 16);
            if (e[0] is not (0x00 or 0x80))
                return null;
            entries[i] = new(e[0] == 0x80, e[4], e.Le32(8), e.Le32(12));
        }
        return new(b.Le32(440), entries);
    }

    public readonly record struct Entry(bool Bootable, byte Type, uint Start, uint Count)
    {
        public bool IsUsed => Count != 0 && Type != 0;

        public bool IsContainer => IsUsed && Type is 0x05 or 0x0F or 0x85;

        /// <summary>The entry that covers a GPT, so that old programs leave it alone.</summary>
        public bool IsProtective => Type == 0xEE;

        public long End => (long)Start + Count;
    }
}
