using System.Buffers.Binary;
using Jumpbag.Core;
using Jumpbag.Storage.Signatures;

namespace Jumpbag.Storage.Md.Format;

/// <summary>
/// The superblock of version 0.90: 4 KiB of 32-bit words in the byte order of the machine that made it, 64 to 128 KiB before the
/// end of the device. Linux include/uapi/linux/raid/md_p.h, mdp_super_t; the numbers are words.
/// <code>
/// 0 md_magic  1 major_version  2 minor_version  5 set_uuid0  7 level  8 size (KiB)  10 raid_disks  11 md_minor  13 set_uuid1..3
/// 33 state  38 sb_csum  39 events (64 bits)  41 cp_events (64 bits)  43 recovery_cp  44 reshape_position (64 bits)
/// 64 layout  65 chunk_size (bytes)
/// 128 disks[27] of 32 words: number, major, minor, raid_disk, state   992 this_disk, the same
/// </code>
/// </summary>
internal static class MdSuperblock0
{
    public const int Length = 4096;

    private const int Reserved = 64 * 1024, Disks = 27, FirstDisk = 128, WordsOfDisk = 32, ThisDisk = 992;
    private const uint Clean = 1, HasBitmap = 1 << 8;
    private const uint DiskFaulty = 1, DiskActive = 1 << 1, DiskSync = 1 << 2, DiskRemoved = 1 << 3;

    public static long OffsetOn(long deviceLength) => (deviceLength & ~(Reserved - 1L)) - Reserved;

    /// <param name="bytes">4 KiB.</param>
    /// <param name="offset">Where they stand on the device.</param>
    /// <returns>Null where there is no such superblock.</returns>
    /// <exception cref="CorruptException">It contradicts itself.</exception>
    public static MdSuperblock? Parse(ReadOnlySpan<byte> bytes, long offset)
    {
        Span<uint> w = stackalloc uint[Length / 4];
        bool isLittle = BinaryPrimitives.ReadUInt32LittleEndian(bytes) == LinuxRaid.Magic;
        for (int i = 0; i < w.Length; i++)
            w[i] = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * 4)..]) : BinaryPrimitives.ReadUInt32BigEndian(bytes[(i * 4)..]);
        if (w[0] != LinuxRaid.Magic || w[1] != 0 || w[2] < 90)
            return null;
        if (Fold(Sum(w)) != Fold(w[38]))
            throw new CorruptException("its superblock has a wrong checksum");
        int places = (int)Math.Min(w[10], int.MaxValue), number = (int)Math.Min(w[ThisDisk], int.MaxValue);
        if (places is 0 or > Disks || number >= Disks)
            throw new CorruptException($"its superblock claims device {number} of {places} members");

        var roles = new int[Disks];
        bool isRebuilding = false;
        for (int i = 0; i < Disks; i++)
        {
            ReadOnlySpan<uint> disk = w.Slice(FirstDisk + (i * WordsOfDisk), 5);
            bool isIn = (disk[4] & (DiskSync | DiskActive)) != 0 && (disk[4] & (DiskFaulty | DiskRemoved)) == 0;
            roles[i] = isIn && disk[3] < places ? (int)disk[3] : (disk[4] & DiskFaulty) != 0 ? MdRole.Faulty : MdRole.Spare;
            isRebuilding |= i == number && isIn && (disk[4] & DiskSync) == 0;
        }
        Span<byte> uuid = stackalloc byte[16];
        int[] parts = [5, 13, 14, 15];
        for (int i = 0; i < 4; i++)
            BinaryPrimitives.WriteUInt32BigEndian(uuid[(4 * i)..], w[parts[i]]);
        ulong events = Long(w, 39, isLittle);
        bool isCheckpoint = Long(w, 41, isLittle) == events;
        return new MdSuperblock
        {
            Version = "0.90",
            Uuid = Tags.Uuid(uuid) ?? "",
            PreferredMinor = w[11],
            Level = (int)w[7],
            Layout = (int)w[64],
            // Such an array does not say how members of unequal length are used.
            LayoutIsKnown = (int)w[7] != 0,
            ChunkSize = w[65],
            Places = places,
            UsedLength = w[8] * 1024L,
            DataOffset = 0,
            DataLength = offset,
            Events = events,
            SyncedTo = (w[33] & Clean) != 0 ? long.MaxValue : isCheckpoint && w[43] != uint.MaxValue ? w[43] * 512L : 0,
            Number = number,
            Roles = roles,
            // The version does not record how far a member was rebuilt.
            RebuiltTo = isRebuilding ? 0 : long.MaxValue,
            IsReshaping = w[2] > 90 && Long(w, 44, isLittle) != ulong.MaxValue,
            BitmapOffset = (w[33] & HasBitmap) != 0 ? offset + Length : null,
        };
    }

    private static ulong Long(ReadOnlySpan<uint> words, int index, bool isLittle) =>
        isLittle ? words[index] | ((ulong)words[index + 1] << 32) : words[index + 1] | ((ulong)words[index] << 32);

    private static uint Sum(ReadOnlySpan<uint> words)
    {
        ulong sum = 0;
        for (int i = 0; i < words.Length; i++)
            sum += i == 38 ? 0 : words[i];
        return (uint)sum + (uint)(sum >> 32);
    }

    /// <summary>Some processors' kernels wrote a folded sum: two sums are the same where they fold to the same.</summary>
    private static uint Fold(uint sum)
    {
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (sum & 0xFFFF) + (sum >> 16);
    }
}
