using System.Collections.Concurrent;
using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.FileSystems.Extraction;
using Jumpbag.FileSystems.Tar;
using Jumpbag.Host;
using Jumpbag.Storage;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Extraction;

/// <summary>How copies and archives go about the disk: what is missing is passed over, what rotates is read in its order.</summary>
public sealed class DiskTests : IDisposable
{
    private const long Mega = 1 << 20, Tera = 1L << 40;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void terabytes_on_a_missing_disk_are_told_once_and_passed_over()
    {
        var disk = new MemoryDevice(new byte[2 * Mega]);
        Random.Shared.NextBytes(disk.Bytes);
        // The first disk is there; the file begins on it, is mostly on the second, in extents of 128 MiB, and ends on the third.
        var volume = new Concatenation([disk, new UnreadableDevice(2 * Tera, "disk two is missing"), new MemoryDevice(disk.Bytes)]);
        var image = new ScriptedFileSystem(volume);
        var extents = new List<FileExtent>();
        for (long at = Mega; at < 2 * Tera + 3 * Mega; at += extents[^1].Length)
            extents.Add(new(at - Mega, Math.Min(128 * Mega, 2 * Tera + 3 * Mega - at), FileExtentKind.Data, at));
        image.Place(10, "huge", [.. extents]);
        var expected = new Damage("disk two is missing", Mega, 2 * Tera);

        long started = Stopwatch.GetTimestamp();
        var events = new ConcurrentQueue<Event>();
        ExtractionResult result = new FileSystems.Extraction.Extraction(events.Enqueue, new() { Recursive = true, Resume = true }, TestContext.Current.CancellationToken)
            .Run([new(new FileTree(image), ByteString.FromText("/"))], folder.File("copy"));
        Assert.Equal(expected, Assert.Single(events.OfType<FileDamaged>()).Damage);
        Assert.Equal((2 * Tera, 2 * Mega), (result.LostBytes, result.Bytes));
        using (FileStream copy = File.OpenRead(folder.File("copy/huge")))
        {
            Assert.Equal(2 * Tera + 2 * Mega, copy.Length);
            Assert.Equal(disk.Bytes[(int)Mega..], Take(copy, 0));
            Assert.Equal(disk.Bytes[..(int)Mega], Take(copy, 2 * Tera + Mega));
        }

        var damage = new List<Damage>();
        byte[] archive = Archive(image, damage, null);
        Assert.Equal(expected, Assert.Single(damage));
        Assert.InRange(archive.Length, 2 * Mega, 2 * Mega + 65536);
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 10);
    }

    [Fact]
    public void neighbouring_bad_pieces_are_one_range_and_other_causes_their_own()
    {
        var disk = new MemoryDevice(new byte[4 * Mega]);
        disk.Bad.Add((Mega, 3 * Mega));
        var image = new ScriptedFileSystem(disk);
        image.Place(10, "file", new(0, 2 * Mega, FileExtentKind.Data, 0), new(2 * Mega, 1000, FileExtentKind.Unreadable, Reason: "no map"),
            new(2 * Mega + 1000, Mega, FileExtentKind.Data, 2 * Mega));
        Damage[] expected = [new("a bad sector", Mega, Mega), new("no map", 2 * Mega, 1000), new("a bad sector", 2 * Mega + 1000, Mega)];
        var events = new ConcurrentQueue<Event>();
        new FileSystems.Extraction.Extraction(events.Enqueue, new() { Recursive = true }, TestContext.Current.CancellationToken)
            .Run([new(new FileTree(image), ByteString.FromText("/"))], folder.File("copy"));
        Assert.Equal(expected, events.OfType<FileDamaged>().Select(e => e.Damage));
        var damage = new List<Damage>();
        Archive(image, damage, null);
        Assert.Equal(expected.OrderBy(d => d.Offset), damage.OrderBy(d => d.Offset));
        damage.Clear();
        var tree = new FileTree(image);
        ContentReader.Copy(tree.Lookup(ByteString.FromText("/file")), _ => { }, damage.Add);
        Assert.Equal(expected, damage);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void a_rotating_disk_is_read_in_its_order_and_others_in_that_of_the_inodes(bool rotates)
    {
        var disk = new RecordingDevice(new byte[64 * 4096]);
        var image = new ScriptedFileSystem(disk);
        long[] places = [.. Enumerable.Range(0, 60).OrderBy(i => i * 37 % 60).Select(i => i * 4096L)];
        for (int i = 0; i < places.Length; i++)
            image.Place((ulong)i + 10, $"f{i}", new FileExtent(0, 4096, FileExtentKind.Data, places[i]));
        long[] expected = rotates ? [.. places.Order()] : places;

        new FileSystems.Extraction.Extraction(_ => { }, new() { Recursive = true, InDiskOrder = rotates, Jobs = rotates ? 0 : 1 }, TestContext.Current.CancellationToken)
            .Run([new(new FileTree(image), ByteString.FromText("/"))], folder.File("copy"));
        Assert.Equal(expected, disk.Offsets);
        disk.Offsets.Clear();
        Archive(image, [], rotates);
        Assert.Equal(expected, disk.Offsets);
    }

    /// <summary>Each case is the path of a device in sysfs, and what stands in files below.</summary>
    [Theory]
    [InlineData("pci/ata1/block/sda", "pci/ata1/block/sda/queue/rotational=1", true)]
    [InlineData("pci/ata1/block/sda", "pci/ata1/block/sda/queue/rotational=0", false)]
    [InlineData("pci/ata1/block/sda/sda1", "pci/ata1/block/sda/queue/rotational=1 pci/ata1/block/sda/sda1/partition=1", true)]
    [InlineData("pci/virtio1/block/vda", "pci/virtio1/block/vda/queue/rotational=1", false)]
    [InlineData("virtual/block/dm-0", "virtual/block/dm-0/queue/rotational=0 virtual/block/dm-0/slaves/sda/queue/rotational=0 virtual/block/dm-0/slaves/sdb/queue/rotational=1", true)]
    [InlineData("virtual/block/dm-0", "virtual/block/dm-0/queue/rotational=1 virtual/block/dm-0/slaves/sda/queue/rotational=0", false)]
    [InlineData("nothing", "", false)]
    public void a_disk_rotates_where_the_kernel_can_know_that(string device, string files, bool rotates)
    {
        foreach (string[] file in files.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(f => f.Split('=')))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(file[0]))!);
            File.WriteAllText(folder.File(file[0]), file[1] + "\n");
        }
        File.CreateSymbolicLink(folder.File("link"), folder.File(device));
        Assert.Equal(rotates, RotatingDisk.IsRotating(folder.File("link"), levels: 8));
    }

    private static byte[] Archive(ScriptedFileSystem image, List<Damage> damage, bool? inDiskOrder)
    {
        using var archive = new MemoryStream();
        using var writer = new TarWriter(archive.Write, _ => { }) { InDiskOrder = inDiskOrder };
        var tree = new FileTree(image);
        writer.Add(new(tree, ByteString.FromText("/"), tree.Root), (_, found) => damage.Add(found));
        writer.Finish();
        return archive.ToArray();
    }

    private static byte[] Take(FileStream file, long offset)
    {
        var bytes = new byte[Mega];
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    private sealed class RecordingDevice(byte[] bytes) : BlockDevice
    {
        public List<long> Offsets { get; } = [];

        public override long Length => bytes.Length;

        public override void Read(long offset, Span<byte> destination)
        {
            Offsets.Add(offset);
            bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }

        public override IEnumerable<Extent> Extents(long offset, long length) => [new(offset, length, ExtentKind.Computed)];
    }
}
