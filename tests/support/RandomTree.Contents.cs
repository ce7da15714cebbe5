using Jumpbag.Core;

namespace Jumpbag.Tests.Support;

/// <summary>Sizes around every limit, holes everywhere, and maps of blocks of every depth.</summary>
public sealed partial class RandomTree
{
    private void MakeSizes()
    {
        ByteString folder = Folder(top, "sizes");
        int[] sizes =
        [
            0, 1, 2, 3, 4, 59, 60, 61, 64, 100, 120, 127, 128, 129, 150, 156, 157, 158, 159, 160, 161, 162, 163, 164, 165, 200, 400, 412, 413, 500, 700,
            blockSize - 1, blockSize, blockSize + 1, (3 * blockSize) + 7, 12 * blockSize, (12 * blockSize) + 1, (13 * blockSize) - 1,
        ];
        foreach (int size in sizes)
            WriteFile(folder, $"{size}", (0, size));
        for (int i = 0; i < 20; i++)
            WriteFile(folder, $"random{i}", (0, random.Next(1 << random.Next(4, 17))));
        // Once inline, now grown; once large, now cut short.
        foreach ((int first, int then) in new[] { (50, 300), (150, 5000), (9000, 70), (70000, 10), (blockSize, blockSize / 2) })
        {
            ByteString path = WriteFile(folder, $"{first}to{then}", (0, first));
            int fd = Posix.Open(path, Posix.ReadWrite);
            Posix.Truncate(fd, then);
            Posix.Close(fd);
        }
    }

    private void MakeHoles()
    {
        ByteString folder = Folder(top, "holes");
        int block = blockSize;
        WriteFile(folder, "start", (10L * block, 100));
        WriteFile(folder, "middle", (0, block), (50L * block, block + 1));
        WriteFile(folder, "unaligned", (block / 2, block), ((7L * block) + 13, 3 * block));
        // Around each level of a block map: 12 direct blocks, then one, two and three levels of indirection.
        long perBlock = block / 4;
        long[] levels = [11, 12, 12 + perBlock - 1, 12 + perBlock, 12 + perBlock + (perBlock * perBlock) - 1, 12 + perBlock + (perBlock * perBlock)];
        foreach (long level in levels.Where(level => level * block < LargestFile))
            WriteFile(folder, $"level{level}", (level * block, 20));
        foreach (long end in new[] { 1L << 31, 1L << 32, 1L << 40, LargestFile }.Where(end => end <= LargestFile).Distinct())
            WriteFile(folder, $"end{end}", (0, 5), (end - block - 5, 20));
        if (ForMke2fs)
            return;
        foreach ((string name, long size) in new[] { ("only", 1L << 20), ("tail", 100L * block) })
            Change(WriteFile(folder, name, name == "tail" ? [(0, block)] : []), fd => Posix.Truncate(fd, size));
        MakeAllocated(folder);
    }

    /// <summary>fallocate(2) in all its modes; ext2 and ext3 know none of them.</summary>
    private void MakeAllocated(ByteString folder)
    {
        const int keepSize = 1, punch = 2, collapse = 8, zero = 16, insert = 32;
        int block = blockSize;
        (string Name, int Mode, long Offset, long Length, int Written)[] cases =
        [
            ("preallocated", 0, 0, 20L * block, 0),
            ("preallocated-behind", 0, 3L * block, 20L * block, 3 * block),
            ("beyond-the-end", keepSize, 0, 30L * block, block + 5),
            ("beyond-the-end-of-nothing", keepSize, 0, 8L * block, 0),
            ("punched", punch | keepSize, 2L * block, 3L * block, 9 * block),
            ("punched-across", punch | keepSize, block / 2, 4L * block, 9 * block),
            ("zeroed", zero, 2L * block, 3L * block, 9 * block),
            ("collapsed", collapse, 4L * block, 4L * block, 20 * block),
            ("inserted", insert, 4L * block, 4L * block, 20 * block),
            ("inline-preallocated", 0, 0, 100, 40),
        ];
        foreach ((string name, int mode, long offset, long length, int written) in cases)
            Change(WriteFile(folder, name, written == 0 ? [] : [(0, written)]), fd => Posix.Allocate(fd, mode, offset, length));
        Change(WriteFile(folder, "written-within", []), fd =>
        {
            Posix.Allocate(fd, 0, 0, 40L * block);
            Posix.Write(fd, Bytes(block), 7L * block);
            Posix.Write(fd, Bytes(100), (20L * block) + 5);
        });
    }

    /// <summary>Many extents: every other block of one file, and two files block by block in turn.</summary>
    private void MakeMaps()
    {
        ByteString folder = Folder(top, "maps");
        int block = Math.Min(blockSize, 4096);
        Change(WriteFile(folder, "scattered", []), fd =>
        {
            byte[] bytes = Bytes(block);
            for (int i = 0; i < Scattered; i++)
                Posix.Write(fd, bytes, 2L * i * blockSize);
        });
        Change(WriteFile(folder, "interleaved-a", []), a => Change(WriteFile(folder, "interleaved-b", []), b =>
        {
            for (int i = 0; i < Scattered / 2; i++)
                foreach (int fd in new[] { a, b })
                {
                    Posix.Allocate(fd, 0, (long)i * blockSize, blockSize);
                    Posix.Write(fd, Bytes(block), (long)i * blockSize);
                }
        }));
        WriteFile(folder, "large", (0, 3 << 20));
        // Backwards, so that a block map and an extent tree grow at their front.
        Change(WriteFile(folder, "backwards", []), fd =>
        {
            for (int i = 60; i >= 0; i--)
                Posix.Write(fd, Bytes(block), 3L * i * blockSize);
        });
    }
}
