using System.Buffers.Binary;
using System.Diagnostics;
using Jumpbag.Core;
using Jumpbag.Facts.Files;
using Jumpbag.Facts.SystemdJournal;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Fuzz.Facts;

/// <summary>Damaged and hostile files of systemd's journal: they give what is readable, or are refused; quickly, and in little memory.</summary>
public sealed class SystemdJournalFuzz
{
    private const int Cases = 200;

    [Theory]
    [InlineData(true, "zstd")]
    [InlineData(false, "lz4")]
    [InlineData(false, "xz")]
    public void whatever_a_journal_says_it_ends_in_entries_or_a_refusal(bool compact, string compression)
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("system.journal");
        SystemdJournals.Write(file, 300, compact, compression);
        byte[] sound = File.ReadAllBytes(file);
        int used = Array.FindLastIndex(sound, b => b != 0) + 1;
        long[] extremes = [0, 1, 7, 8, 16, 64, 208, 272, used / 2 & ~7, used, sound.Length, int.MaxValue, uint.MaxValue, long.MaxValue, -1, -8, long.MinValue];
        int read = 0, refused = 0, damaged = 0;
        for (int seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = [.. sound.AsSpan(0, random.Next(10) == 0 ? random.Next(used) : Math.Min(sound.Length, used + 4096))];
            for (int changes = random.Next(1, 400); changes > 0 && bytes.Length > 8; changes--)
            {
                // The header is hit seldom, or nothing behind it would ever be reached.
                int at = random.Next(400) == 0 ? random.Next(Math.Min(272, bytes.Length - 8)) : random.Next(Math.Min(272, bytes.Length - 8), bytes.Length - 8);
                if (random.Next(2) == 0)
                    bytes[at] ^= (byte)(1 << random.Next(8));
                else
                    BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at & ~7), extremes[random.Next(extremes.Length)]);
            }
            var clock = Stopwatch.StartNew();
            try
            {
                var reader = new JournalReader(new(new OneFile(bytes), "/", bytes.Length));
                read += reader.Troubles(DateTimeOffset.UnixEpoch).Count();
                damaged += reader.Damage.Count > 0 ? 1 : 0;
            }
            catch (JumpbagException)
            {
                refused++;
            }
            Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10);
        }
        Assert.True(read > Cases && refused > 3 && damaged > 10, $"{read} {refused} {damaged}");
    }

    /// <summary>A chain that leads back is what a reader could follow for ever.</summary>
    [Fact]
    public void arrays_that_overlap_and_point_everywhere_end_soon()
    {
        // Values of PRIORITY with arrays of entries, each of which claims all that follows.
        const int size = 64 << 20;
        var bytes = new byte[size];
        "LPKSHHRH"u8.CopyTo(bytes);
        void Put(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), value);
        void Object(int at, byte type, long length)
        {
            bytes[at] = type;
            Put(at + 8, length);
        }
        Put(88, 272);
        Put(120, 288);
        Put(128, 16);
        Put(288, 304);
        Object(304, 2, 48);
        Put(304 + 32, 360);
        "PRIORITY"u8.CopyTo(bytes.AsSpan(304 + 40));
        Object(360, 1, 64 + 10);
        Put(360 + 48, 1000);
        "PRIORITY=3"u8.CopyTo(bytes.AsSpan(360 + 64));
        for (int at = 1000; at < size - 64; at += 32)
        {
            Object(at, 6, size - at);
            Put(at + 16, at + 32);
        }
        var clock = Stopwatch.StartNew();
        var reader = new JournalReader(new(new OneFile(bytes), "/", size));
        Assert.Empty(reader.Troubles(DateTimeOffset.UnixEpoch));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    private sealed class OneFile(byte[] bytes) : IFiles
    {
        public void ReadAt(string path, long offset, Span<byte> into)
        {
            if (offset < bytes.Length)
                bytes.AsSpan((int)offset, (int)Math.Min(into.Length, bytes.Length - offset)).CopyTo(into);
        }

        public byte[]? Read(string path, int most, bool fromEnd = false) => throw new NotSupportedException();

        public IReadOnlyList<FileEntry> List(string folder) => throw new NotSupportedException();

        public FileEntry? Stat(string path) => throw new NotSupportedException();

        public string? Target(string path) => throw new NotSupportedException();
    }
}
