using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Ext;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Fuzz.Ext;

/// <summary>
/// Damaged filesystems: whatever the bytes are, the result is files, reported damage, or one of our own exceptions, soon.
/// Checksums need no mending: a wrong one is reported, and what it belongs to is used all the same.
/// </summary>
public sealed class ExtFuzz
{
    private const int Cases = 10_000, Seed = 20261127;

    /// <summary>What a case may take, on a machine that does much else.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public void the_images_hold_what_is_to_be_broken()
    {
        ExtFileSystem ext4 = Sound(ExtFuzzImage.Ext4), ext2 = Sound(ExtFuzzImage.Ext2);
        Assert.Equal(1024, Attribute(ext4, "tiny", "user.huge"));
        Assert.Equal(400, Attribute(ext4, "small", "user.longer"));
        foreach (ExtFileSystem fileSystem in new[] { ext4, ext2 })
        {
            Assert.Contains('I', Find(fileSystem, "many").Attributes);
            Assert.True(fileSystem.Extents(Find(fileSystem, "sparse"), 0, Unexpected).Count() > 60);
            Assert.Equal(500, fileSystem.ReadLink(Find(fileSystem, "far"), Unexpected).Length);
            Assert.Equal(200u, Find(fileSystem, "wide").DeviceMinor);
        }
        Assert.Contains('N', Find(ext4, "tiny").Attributes);

        static ExtFileSystem Sound(byte[] image) => ExtFileSystem.Open(new MemoryDevice(image), new ExtOpenOptions());
        static void Unexpected(Damage damage) => Assert.Fail(damage.ToString());
        static Node Find(ExtFileSystem fileSystem, string name) => fileSystem.GetNode(
            fileSystem.Lookup(fileSystem.GetNode(fileSystem.RootInode, Unexpected), ByteString.FromText(name), Unexpected)!.Value.Inode, Unexpected);
        static int Attribute(ExtFileSystem fileSystem, string file, string name) =>
            fileSystem.ExtendedAttributes(Find(fileSystem, file), Unexpected).Single(a => a.Name == ByteString.FromText(name)).Value.Length;
    }

    [Fact]
    public void flipped_bits_in_an_ext4_break_nothing() => Flip(ExtFuzzImage.Ext4);

    [Fact]
    public void flipped_bits_in_an_ext2_break_nothing() => Flip(ExtFuzzImage.Ext2);

    [Fact]
    public void interesting_numbers_in_an_ext4_break_nothing() => Overwrite(ExtFuzzImage.Ext4);

    [Fact]
    public void interesting_numbers_in_an_ext2_break_nothing() => Overwrite(ExtFuzzImage.Ext2);

    [Fact]
    public void truncated_images_break_nothing()
    {
        var random = new Random(Seed);
        for (int i = 0; i < Cases / 12; i++)
            Check(ExtFuzzImage.Ext4[..random.Next(ExtFuzzImage.Ext4.Length)], $"truncation {i}");
    }

    [Fact]
    public void unreadable_sectors_break_nothing()
    {
        var random = new Random(Seed);
        var device = new MemoryDevice(ExtFuzzImage.Ext4);
        for (int i = 0; i < Cases / 6; i++)
        {
            device.Bad.Clear();
            for (int count = random.Next(1, 20); count > 0; count--)
            {
                long start = random.Next((int)device.Length / 512) * 512L;
                device.Bad.Add((start, start + 512 * random.Next(1, 9)));
            }
            Check(device, $"bad sectors {i}");
        }
    }

    private static void Flip(byte[] image) => Mutate(image, (random, bytes, at) => bytes[at] ^= (byte)(1 << random.Next(8)));

    private static void Overwrite(byte[] image)
    {
        uint[] numbers = [0, 1, 2, 3, 0x7F, 0xFF, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF];
        Mutate(image, (random, bytes, at) =>
        {
            int width = 1 << random.Next(3);
            at &= ~(width - 1);
            uint number = random.Next(3) > 0 ? numbers[random.Next(numbers.Length)]
                : BitConverter.ToUInt32(bytes, random.Next(bytes.Length / 4) * 4);
            BitConverter.GetBytes(number).AsSpan(0, width).CopyTo(bytes.AsSpan(at));
        });
    }

    /// <summary>Changes bytes where there are any, most often several at once, and puts them back after each case.</summary>
    private static void Mutate(byte[] image, Action<Random, byte[], int> change)
    {
        var random = new Random(Seed);
        byte[] bytes = [.. image];
        int[] used = [.. Enumerable.Range(0, bytes.Length / 64).Where(line => bytes.AsSpan(line * 64, 64).IndexOfAnyExcept((byte)0) >= 0 && !IsContent(bytes, line))];
        for (int i = 0; i < Cases; i++)
        {
            for (int changes = 1 + random.Next(1 + i % 8); changes > 0; changes--)
                change(random, bytes, used[random.Next(used.Length)] * 64 + random.Next(64));
            Check(bytes, $"case {i}");
            image.CopyTo(bytes, 0);
        }
    }

    /// <summary>The large file's bytes, a row of steps of seven: nothing is decided by them.</summary>
    private static bool IsContent(byte[] bytes, int line)
    {
        for (int i = line * 64 + 1; i < line * 64 + 64; i++)
            if ((byte)(bytes[i] - bytes[i - 1]) != 7)
                return false;
        return true;
    }

    private static void Check(byte[] bytes, string name) => Check(new MemoryDevice(bytes), name);

    private static void Check(MemoryDevice device, string name)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            if (ExtFileSystem.TryOpen(device, new ExtOpenOptions()) is { } fileSystem)
            {
                _ = fileSystem.Summary;
                Walk(fileSystem);
            }
        }
        catch (JumpbagException)
        {
        }
        catch (Exception e)
        {
            Assert.Fail($"{name}: {e}");
        }
        Assert.True(clock.Elapsed < Soon, $"{name}: {clock.Elapsed}");
    }

    /// <summary>Every directory once, every attribute, every extent; of the content the first bytes of each extent, up to a limit.</summary>
    private static void Walk(FileSystem fileSystem)
    {
        DamageSink ignored = _ => { };
        var seen = new HashSet<ulong>();
        var waiting = new Stack<ulong>([fileSystem.RootInode]);
        var buffer = new byte[4096];
        while (waiting.TryPop(out ulong inode))
            try
            {
                Node node = fileSystem.GetNode(inode, ignored);
                _ = fileSystem.ExtendedAttributes(node, ignored);
                if (node.Type == FileType.SymbolicLink)
                    _ = fileSystem.ReadLink(node, ignored);
                long expected = 0;
                foreach (FileExtent extent in fileSystem.Extents(node, 0, ignored).Take(2000))
                {
                    Assert.True(extent.Offset == expected && extent.Length > 0 && extent.Length <= node.Size - extent.Offset, $"{extent} after {expected}");
                    expected += extent.Length;
                    try
                    {
                        fileSystem.Read(extent, extent.Offset, buffer.AsSpan(0, (int)Math.Min(buffer.Length, extent.Length)));
                    }
                    catch (UnreadableException)
                    {
                    }
                }
                if (node.Size > 100)
                {
                    FileExtent? last = fileSystem.Extents(node, node.Size - 1, ignored).Cast<FileExtent?>().FirstOrDefault();
                    Assert.True(last is null || last.Value.Offset == node.Size - 1);
                }
                if (node.Type == FileType.Directory && seen.Add(inode))
                {
                    foreach (DirectoryEntry entry in fileSystem.List(node, ignored).Take(5000))
                    {
                        Assert.True(!entry.Name.IsEmpty && entry.Name.Span.IndexOfAny((byte)0, (byte)'/') < 0);
                        waiting.Push(entry.Inode);
                    }
                    _ = fileSystem.Lookup(node, ByteString.FromText("no such name"), ignored);
                }
            }
            catch (JumpbagException)
            {
            }
    }
}
