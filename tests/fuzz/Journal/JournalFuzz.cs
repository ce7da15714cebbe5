using System.Buffers.Binary;
using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Ext;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Fuzz.Journal;

/// <summary>
/// Damaged journals: whatever they claim, opening the filesystem and reading all of it ends soon, with a result or an error
/// for people.
/// </summary>
public sealed class JournalFuzz
{
    private const int BlockSize = 1024;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(12);

    [Theory]
    [InlineData("-t ext4 -b 1024 -O ^metadata_csum")]
    [InlineData("-t ext4 -b 1024 -O metadata_csum")]
    [InlineData("-t ext4 -b 1024 -O fast_commit,^metadata_csum")]
    public void flipped_bits_in_a_journal_do_no_harm(string make)
    {
        using var folder = new TemporaryFolder();
        byte[] sound = File.ReadAllBytes(DirtyImage.Make(folder, make, "", seed: 4, steps: 120, size: 16 << 20));
        int[] places = [.. JournalBlocks(sound)];
        Assert.NotEmpty(places);
        var random = new Random(11);
        var budget = Stopwatch.StartNew();
        int cases = 0;
        for (; budget.Elapsed < Budget; cases++)
        {
            byte[] bytes = [.. sound];
            for (int flips = random.Next(1, 5); flips > 0; flips--)
            {
                // Mostly near the beginning of a block, where the structures are.
                int within = random.Next(3) > 0 ? random.Next(64) : random.Next(BlockSize);
                bytes[places[random.Next(places.Length)] + within] ^= (byte)(1 << random.Next(8));
            }
            foreach (int place in places)
                if (IsFastCommit(bytes.AsSpan(place)))
                    RenewSums(bytes, place);
            var one = Stopwatch.StartNew();
            ReadEverything(bytes);
            Assert.True(one.Elapsed < TimeSpan.FromSeconds(10), $"case {cases} took {one.Elapsed.TotalSeconds:0.0} s");
        }
        Assert.True(cases > 50, $"only {cases} cases");
    }

    private static void ReadEverything(byte[] bytes)
    {
        static void Ignore(Damage damage)
        {
        }
        var buffer = new byte[64 * 1024];
        try
        {
            ExtFileSystem fileSystem = ExtFileSystem.Open(new MemoryDevice(bytes), new ExtOpenOptions());
            Assert.NotEmpty(fileSystem.Summary.Opened);
            var seen = new HashSet<ulong>();
            var waiting = new Stack<ulong>([fileSystem.RootInode]);
            while (waiting.TryPop(out ulong inode) && seen.Count < 5000)
            {
                try
                {
                    if (!seen.Add(inode))
                        continue;
                    Node node = fileSystem.GetNode(inode, Ignore);
                    _ = fileSystem.ExtendedAttributes(node, Ignore);
                    if (node.Type == FileType.Directory)
                        foreach (DirectoryEntry entry in fileSystem.List(node, Ignore).Take(10_000))
                            waiting.Push(entry.Inode);
                    else if (node.Type == FileType.SymbolicLink)
                        _ = fileSystem.ReadLink(node, Ignore);
                    else
                        foreach (FileExtent extent in fileSystem.Extents(node, 0, Ignore).Take(1000))
                            fileSystem.Read(extent, extent.Offset, buffer.AsSpan(0, (int)Math.Min(buffer.Length, extent.Length)));
                }
                catch (JumpbagException)
                {
                }
            }
        }
        catch (JumpbagException)
        {
        }
    }

    /// <summary>Where on the disk the structures of the journal stand: by jbd2's magic number, or the first tag of fast commits.</summary>
    private static IEnumerable<int> JournalBlocks(byte[] bytes)
    {
        for (int at = 2 * BlockSize; at < bytes.Length; at += BlockSize)
            if (BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at)) == 0xC03B3998 || IsFastCommit(bytes.AsSpan(at)))
                yield return at;
    }

    private static bool IsFastCommit(ReadOnlySpan<byte> block)
    {
        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(block), length = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        return (type == 9 && length == 8) || (type is 3 or 4 or 5 && length is > 8 and < 40) || (type == 6 && length is 164 or 160) || (type == 1 && length == 16);
    }

    /// <summary>Makes the damaged records valid again: the first tail of the block gets the sum of what stands before it.</summary>
    private static void RenewSums(byte[] bytes, int place)
    {
        for (int at = 0, from = 0; at <= BlockSize - 12;)
        {
            Span<byte> rest = bytes.AsSpan(place + at, BlockSize - at);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
            if (BinaryPrimitives.ReadUInt16LittleEndian(rest) == 8)
            {
                uint sum = Checksums.Crc32C(0, bytes.AsSpan(place + from, at - from + 8));
                BinaryPrimitives.WriteUInt32LittleEndian(rest[8..], sum);
                return;
            }
            at += 4 + length;
            if (length == 0)
                return;
        }
    }
}
