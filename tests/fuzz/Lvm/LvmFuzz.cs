using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Lvm;
using Jumpbag.Storage.Lvm.Format;
using Jumpbag.Tests.Support;
using static Jumpbag.Tests.Support.LvmDisk;

namespace Jumpbag.Tests.Fuzz.Lvm;

/// <summary>
/// Damaged physical volumes: whatever the bytes are, the result is groups and volumes, warnings, or one of our own
/// exceptions. Many cases get good checksums again, so that damage reaches what lies behind them.
/// </summary>
public class LvmFuzz
{
    private const int Cases = 15_000, Seed = 20240607;

    /// <summary>Room for the 64 extents that the texts claim.</summary>
    private const int DiskSize = DataStart + (64 * ExtentSize);

    private static readonly LvmDisk Second = new LvmDisk(new string('b', 32), DiskSize).FillData(2);
    private static readonly string Original = Text(Uuids("group"), 3, [Blank(), Second],
        Volume("root", Stripes(0, 3, ("pv0", 0)), Stripes(3, 4, ("pv0", 10), ("pv1", 2)))
        + Volume("top", Stripes(0, 2, ("root", 1))) + Volume("copies", Stripes(0, 1, ("pv1", 20)))
        + Volume("snapshot0", "start_extent = 0\nextent_count = 7\ntype = \"snapshot\"\nchunk_size = 8\norigin = \"root\"\ncow_store = \"copies\"\n")
        + Volume("nothing", "start_extent = 0\nextent_count = 5\ntype = \"zero\"\n") + Volume("raid", "start_extent = 0\nextent_count = 5\ntype = \"raid1\"\n"));

    [Fact]
    public void flipped_bits_in_label_header_and_text_break_nothing() => Run(random =>
    {
        LvmDisk disk = Sound();
        for (int flips = random.Next(1, 6); flips > 0; flips--)
        {
            int at = random.Next(4) switch
            {
                0 => 512 + random.Next(160),
                1 => AreaStart + random.Next(64),
                _ => AreaStart + 512 + random.Next(Original.Length),
            };
            disk.Bytes[at] ^= (byte)(1 << random.Next(8));
        }
        if (random.Next(3) > 0)
            Reseal(disk);
        return disk.Bytes;
    });

    [Fact]
    public void texts_with_changed_words_break_nothing()
    {
        string[] numbers = ["0", "-1", "1", "2", "63", "64", "4294967295", "4294967296", "9223372036854775807", "-9223372036854775808", "1e400", "\"x\"", "[]", "{"];
        string[] words = Original.Split(' ');
        Run(random =>
        {
            string[] changed = [.. words];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                int at = random.Next(changed.Length);
                changed[at] = random.Next(5) switch
                {
                    0 => "",
                    1 => changed[random.Next(changed.Length)],
                    2 => changed[at] + " " + changed[at],
                    _ => ReplaceNumber(changed[at], numbers[random.Next(numbers.Length)]),
                };
            }
            return Blank().Write(string.Join(' ', changed)).Bytes;
        });
    }

    [Fact]
    public void truncated_images_break_nothing() => Run(random => Sound().Bytes[..random.Next(random.Next(2) == 0 ? 8192 : DiskSize)]);

    [Fact]
    public void random_bytes_as_text_break_nothing()
    {
        byte[] alphabet = "{}[]\"'\\=#, \n\t.-+aZ09\0"u8.ToArray();
        var random = new Random(Seed);
        var text = new byte[200];
        for (int i = 0; i < 2 * Cases; i++)
        {
            for (int at = 0; at < text.Length; at++)
                text[at] = alphabet[random.Next(alphabet.Length)];
            try
            {
                ConfigText.Parse(text.AsSpan(0, random.Next(text.Length)), out _);
            }
            catch (CorruptException)
            {
            }
        }
    }

    private static void Run(Func<Random, byte[]> damaged)
    {
        var random = new Random(Seed);
        PhysicalVolume second = PhysicalVolume.TryOpen(Second.Device)!;
        int readable = 0;
        for (int i = 0; i < Cases; i++)
        {
            byte[] bytes = damaged(random);
            try
            {
                if (PhysicalVolume.TryOpen(new MemoryDevice(bytes)) is { } volume)
                    readable += VolumeGroups.Assemble([volume, second]).Sum(Use);
            }
            catch (Exception e) when (e is not JumpbagException)
            {
                Assert.Fail($"case {i}: {e}");
            }
        }
        Assert.True(readable > 0, "no case was near enough to a sound disk to be of use");
    }

    /// <summary>How many of the group's volumes could be opened.</summary>
    private static int Use(VolumeGroup group)
    {
        int opened = 0;
        foreach (LogicalVolume volume in group.LogicalVolumes)
        {
            try
            {
                _ = volume.Type;
                BlockDevice device = volume.Open();
                opened++;
                Assert.Equal(volume.Size, device.Length);
                long covered = device.Extents(0, Math.Min(device.Length, 1 << 20)).Sum(extent => extent.Length);
                Assert.Equal(Math.Min(device.Length, 1 << 20), covered);
                device.Read(0, new byte[Math.Min(device.Length, 100_000)]);
            }
            catch (JumpbagException e) when (e is CorruptException or UnsupportedException or UnreadableException)
            {
            }
        }
        return opened;
    }

    private static LvmDisk Blank() => new(new string('a', 32), DiskSize);

    private static LvmDisk Sound() => Blank().Write(Original);

    private static void Reseal(LvmDisk disk)
    {
        int length = Original.Length + 1;
        BitConverter.TryWriteBytes(disk.Bytes.AsSpan(AreaStart + 56), LvmChecksum.Of(disk.Bytes.AsSpan(AreaStart + 512, length)));
        Seal(disk.Bytes.AsSpan(AreaStart, 512), 0, 4);
        Seal(disk.Bytes.AsSpan(512, 512), 16, 20);
    }

    private static string ReplaceNumber(string word, string number)
    {
        int start = word.AsSpan().IndexOfAnyInRange('0', '9');
        if (start < 0)
            return number;
        int end = start;
        while (end < word.Length && char.IsAsciiDigit(word[end]))
            end++;
        return word[..start] + number + word[end..];
    }
}
