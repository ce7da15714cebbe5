using Jumpbag.Core;
using Jumpbag.Storage;
using Jumpbag.Storage.Raid;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Raid;

/// <summary>
/// Mirrors, parity and RAID 10 with bad sectors anywhere, against a plain model, byte by byte: what any rule of arithmetic can bring
/// back is read, and the first byte that none can is where the read fails. Where chunks lie is tested with real arrays.
/// </summary>
public class RedundancyTests
{
    [Fact]
    public void parity_brings_back_each_byte_that_it_can()
    {
        (int, int)[] layouts = [.. new[] { 0, 1, 2, 3, 4, 5 }.Select(layout => (5, layout)), (4, 0),
            .. new[] { 0, 1, 2, 3, 4, 5, 8, 9, 10, 16, 17, 18, 19, 20 }.Select(layout => (6, layout))];
        int recovered = 0, lost = 0;
        Run(4000, random =>
        {
            (int level, int number) = layouts[random.Next(layouts.Length)];
            int members = random.Next(level == 6 ? 4 : 2, 9), chunk = random.Next(1, 20), rows = random.Next(1, 12);
            var layout = ParityLayout.Create(level, number, members);
            byte[] data = Bytes(random, rows * chunk * layout.DataMembers);
            byte[][] contents = [.. Enumerable.Range(0, members).Select(_ => new byte[rows * chunk])];
            var places = new (int Member, int At, int Row)[data.Length];
            for (int row = 0; row < rows; row++)
                Encode(layout, row, chunk, data, contents, places);
            MemoryDevice[] devices = [.. contents.Select(content => new MemoryDevice(content))];
            Spoil(random, devices, out BlockDevice[] given);
            var unsynced = new ByteRanges(random.Next(3) > 0 ? [] : [(random.Next(rows * chunk), random.Next(rows * chunk))]);
            bool[] readable = [.. places.Select(place => IsRecoverable(layout, place, devices, unsynced))];
            recovered += places.Where((place, i) => readable[i] && IsBad(devices[place.Member], place.At)).Count();
            lost += readable.Count(one => !one);
            Verify(random, new ParityArray(layout, given, chunk, rows * chunk, unsynced, "unsynced"), data, readable);
        });
        Assert.True(recovered > 50_000 && lost > 20_000, $"{recovered} bytes were computed, {lost} lost");
    }

    [Fact]
    public void copies_are_read_from_whichever_member_has_them()
    {
        int lost = 0;
        Run(4000, random =>
        {
            int members = random.Next(2, 7), near = random.Next(2) == 0 ? random.Next(2, members + 1) : 1, far = near > 1 ? 1 : random.Next(1, members + 1), chunk = random.Next(1, 12), rows = random.Next(far, 14);
            // As mdadm makes them: near, far or offset copies, the latter two also in groups.
            int number = near | (far << 8) | (far > 1 && random.Next(2) == 0 ? 1 << 16 : 0) | (far > 1 && members % far == 0 && random.Next(3) == 0 ? 2 << 17 : 0);
            var layout = Raid10Layout.Create(number, members, chunk, rows * chunk);
            byte[] data = Bytes(random, (int)layout.Chunks * chunk);
            MemoryDevice[] devices = [.. Enumerable.Range(0, members).Select(_ => new MemoryDevice(new byte[(rows + 2) * chunk]))];
            var copies = new (int Member, long Row)[layout.Copies];
            var used = new HashSet<(int, long)>();
            for (int i = 0; i < layout.Chunks; i++)
            {
                layout.Locate(i, copies);
                Assert.Equal(copies.Length, copies.Select(copy => copy.Member).Distinct().Count());
                foreach ((int member, long row) in copies)
                {
                    Assert.True(used.Add((member, row)), $"two chunks on member {member} in row {row}");
                    data.AsSpan(i * chunk, chunk).CopyTo(devices[member].Bytes.AsSpan((int)row * chunk));
                }
            }
            Spoil(random, devices, out BlockDevice[] given);
            int synced = random.Next(3) > 0 ? int.MaxValue : random.Next(data.Length + 1);
            var readable = new bool[data.Length];
            for (int at = 0; at < data.Length; at++)
            {
                layout.Locate(at / chunk, copies);
                readable[at] = copies.Take(at < synced ? copies.Length : 1).Any(copy => !IsBad(devices[copy.Member], ((int)copy.Row * chunk) + (at % chunk)));
            }
            lost += readable.Count(one => !one);
            Verify(random, new Raid10Array(layout, given, chunk, synced), data, readable);
        });
        Assert.InRange(lost, 10_000, int.MaxValue);
    }

    /// <summary>Two members that have no chunk in common may both be missing: it is not as bad as it could be.</summary>
    [Fact]
    public void a_raid_10_is_whole_where_each_chunk_has_a_copy_left() => Run(2000, random =>
    {
        int members = random.Next(2, 9), near = random.Next(1, members + 1), far = near > 1 ? 1 : random.Next(1, members + 1);
        int number = near | (far << 8) | (far > 1 && random.Next(2) == 0 ? 1 << 16 : 0) | (far > 1 && members % far == 0 && random.Next(2) == 0 ? 2 << 17 : 0);
        BlockDevice[] devices = [.. Enumerable.Range(0, members).Select(_ => random.Next(3) == 0 ? (BlockDevice)new UnreadableDevice(4096, "away") : new ZeroDevice(4096))];
        var array = new Raid10Array(Raid10Layout.Create(number, members, 64, 4096), devices, 64);
        bool[] lost = [.. array.Extents(0, array.Length).Select(extent => extent.Kind == ExtentKind.Unreadable)];
        Assert.Equal(!lost.Contains(true), array.IsWhole);
    });

    [Fact]
    public void a_mirror_reads_each_byte_from_the_first_that_has_it() => Run(3000, random =>
    {
        int members = random.Next(1, 5), length = random.Next(1, 200);
        byte[] data = Bytes(random, length);
        // Some are shorter: what they lack is not there.
        MemoryDevice[] devices = [.. Enumerable.Range(0, members).Select(_ => new MemoryDevice(data[..random.Next(length / 2, length + 1)]))];
        Spoil(random, devices, out BlockDevice[] given);
        bool[] readable = [.. Enumerable.Range(0, length).Select(at => devices.Any(device => at < device.Bytes.Length && !IsBad(device, at)))];
        Verify(random, new Mirrored(given.Select(device => new Slice(device, 0, length)), length), data, readable);
    });

    /// <summary>Multiplication as it is defined, bit by bit.</summary>
    [Fact]
    public void products_are_those_of_the_field()
    {
        var random = new Random(7);
        byte[] source = Bytes(random, 1000), target = Bytes(random, 1000);
        for (int factor = 0; factor < 256; factor++)
        {
            byte[] sum = [.. target], scaled = [.. source];
            GaloisField.AddProduct((byte)factor, source, sum);
            GaloisField.Scale((byte)factor, scaled);
            Assert.Equal(source.Select(value => Product(factor, value)), scaled);
            Assert.Equal(source.Zip(target, (value, start) => (byte)(Product(factor, value) ^ start)), sum);
            Assert.True(factor == 0 || Product(factor, GaloisField.Inverse((byte)factor)) == 1);
        }
        byte[] xor = [.. target];
        GaloisField.Add(source, xor);
        Assert.Equal(source.Zip(target, (left, right) => (byte)(left ^ right)), xor);
    }

    [Fact]
    public void an_array_that_claims_more_than_there_is_costs_no_time()
    {
        var small = new Slice(new ZeroDevice(1 << 20), 0, 1L << 40);
        BlockDevice[] members = [small, small, small, small];
        Assert.InRange(new ParityArray(ParityLayout.Create(6, 2, 4), members, 512, 1L << 40).Extents(0, 2L << 40).Count(), 2, 20_000);
        Assert.InRange(new Raid10Array(Raid10Layout.Create(0x102, 4, 512, 1L << 40), members, 512).Extents(0, 2L << 40).Count(), 2, 20_000);
        Assert.Throws<CorruptException>(() => new ParityArray(ParityLayout.Create(5, 2, 4), members, 512, long.MaxValue));
    }

    private static byte Product(int left, int right)
    {
        int product = 0;
        for (; right != 0; right >>= 1, left = (left << 1) ^ ((left & 0x80) != 0 ? 0x11D : 0))
            product ^= (right & 1) != 0 ? left : 0;
        return (byte)product;
    }

    private static void Encode(ParityLayout layout, int row, int chunk, byte[] data, byte[][] contents, (int, int, int)[] places)
    {
        StripePlan stripe = layout.Stripe(row);
        for (int index = 0; index < layout.DataMembers; index++)
        {
            int member = layout.DataMember(stripe, index), weight = 1;
            Assert.True(member != stripe.P && member != stripe.Q && member < layout.Members);
            for (int i = layout.Level == 6 ? layout.Weight(stripe, member) : 0; i > 0; i--)
                weight = Product(2, weight);
            for (int i = 0; i < chunk; i++)
            {
                int from = (((row * layout.DataMembers) + index) * chunk) + i, at = (row * chunk) + i;
                contents[member][at] = data[from];
                contents[stripe.P][at] ^= data[from];
                if (stripe.Q >= 0)
                    contents[stripe.Q][at] ^= Product(weight, data[from]);
                places[from] = (member, at, row);
            }
        }
    }

    private static bool IsRecoverable(ParityLayout layout, (int Member, int At, int Row) place, MemoryDevice[] devices, ByteRanges unsynced)
    {
        if (!IsBad(devices[place.Member], place.At))
            return true;
        unsynced.Uniform(place.At, 1, out bool isUnsynced);
        return !isUnsynced && devices.Count(device => IsBad(device, place.At)) <= layout.Redundancy;
    }

    private static bool IsBad(MemoryDevice device, int at) => device.Bad.Exists(range => at >= range.Start && at < range.End);

    /// <summary>Some members are away, some have bad ranges that are found when they are read, some ones that are known before.</summary>
    private static void Spoil(Random random, MemoryDevice[] devices, out BlockDevice[] given)
    {
        given = [.. devices];
        for (int i = 0; i < devices.Length; i++)
        {
            int length = devices[i].Bytes.Length;
            switch (random.Next(6))
            {
                case 0:
                    devices[i].Bad.Add((0, length));
                    given[i] = random.Next(2) == 0 ? new UnreadableDevice(length, "away") : devices[i];
                    break;
                case 1 or 2:
                    for (int count = random.Next(1, 4); count > 0; count--)
                    {
                        int start = random.Next(length);
                        devices[i].Bad.Add((start, Math.Min(length, start + random.Next(1, 30))));
                    }
                    if (random.Next(2) == 0)
                        given[i] = new ByteRanges(devices[i].Bad).Without(new MemoryDevice(devices[i].Bytes), "away");
                    break;
            }
        }
    }

    private static void Verify(Random random, BlockDevice device, byte[] data, bool[] readable)
    {
        Assert.Equal(data.Length, device.Length);
        for (int i = 0; i < 6; i++)
        {
            int offset = random.Next(data.Length), length = random.Next(1, data.Length - offset + 1), bad = Array.IndexOf(readable, false, offset, length);
            var read = new byte[length];
            if (bad < 0)
            {
                device.Read(offset, read);
                Assert.True(data.AsSpan(offset, length).SequenceEqual(read));
                continue;
            }
            var failure = Assert.Throws<UnreadableException>(() => device.Read(offset, read));
            // A range of bad sectors may be told from before the first that is lost for good: never a byte that can be had.
            Assert.Equal(bad, failure.Offset);
            Assert.DoesNotContain(true, readable[(int)failure.Offset..(int)(failure.Offset + failure.Length)]);
        }
        // The extents know what is known before: whatever they call unreadable is.
        long reached = 0;
        foreach (Extent extent in device.Extents(0, device.Length))
        {
            Assert.Equal(reached, extent.Offset);
            reached += extent.Length;
            if (extent.Kind == ExtentKind.Unreadable)
                Assert.DoesNotContain(true, readable[(int)extent.Offset..(int)reached]);
        }
        Assert.Equal(device.Length, reached);
        if (device.IsWhole)
            Assert.DoesNotContain(device.Extents(0, device.Length), extent => extent.Kind == ExtentKind.Unreadable);
    }

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void Run(int cases, Action<Random> test)
    {
        for (int seed = 0; seed < cases; seed++)
        {
            try
            {
                test(new Random(seed));
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                throw new InvalidOperationException($"with the seed {seed}", e);
            }
        }
    }
}
