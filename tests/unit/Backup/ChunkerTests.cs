using CsCheck;
using Jumpbag.Backup.Chunking;

namespace Jumpbag.Tests.Unit.Backup;

/// <summary>Where files are cut. That restic cuts them there is asked of restic itself, in tests/real.</summary>
public sealed class ChunkerTests
{
    /// <summary>The one in restic's documentation of the format.</summary>
    private static readonly RabinPolynomial Known = new(0x3DA3358B4DC173);

    [Fact]
    public void a_polynomial_for_cutting_is_irreducible()
    {
        Assert.True(Known.IsIrreducible);
        // x + 1 divides each that has an even number of terms; x^2 is x by x.
        Assert.False(new RabinPolynomial(0x3DA3358B4DC172).IsIrreducible);
        Assert.False(new RabinPolynomial(4).IsIrreducible);
        Assert.All(new ulong[] { 0b10, 0b11, 0b111, 0b1011, 0b1101, 0b10011, 0b11001, 0b11111 }, bits => Assert.True(new RabinPolynomial(bits).IsIrreducible));
        // Of degree 8 there are 30.
        Assert.Equal(30, Enumerable.Range(256, 256).Count(bits => new RabinPolynomial((ulong)bits).IsIrreducible));
        Assert.Equal("3da3358b4dc173", RabinPolynomial.Parse("3DA3358B4DC173").ToString());
        Assert.All(Enumerable.Range(0, 5), _ => Assert.True(RabinPolynomial.Random() is { Degree: 53, IsIrreducible: true }));
        foreach (string wrong in new[] { "", "3DA3358B4DC172", "7", "x", "ffffffffffffffffff" })
            Assert.Throws<FormatException>(() => RabinPolynomial.Parse(wrong));
    }

    [Fact]
    public void wherever_reading_stops_the_cuts_are_those_of_one_byte_after_another()
    {
        var chunker = new Chunker(Known);
        Gen.Select(Gen.Int, Gen.Int[Chunker.Least - 100, 5 << 20], Gen.Int[0, 3]).Sample((seed, length, kind) =>
        {
            byte[] data = Data(seed, length, kind);
            int[] expected = [.. OneByOne(data)];
            Assert.Equal(expected, Cuts(chunker, data, new Random(seed)));
        }, iter: 12);
    }

    [Theory]
    [InlineData(Chunker.Least - 1)]
    [InlineData(Chunker.Least)]
    [InlineData(Chunker.Least + 1)]
    [InlineData(2 * Chunker.Least)]
    public void zeros_are_cut_as_early_as_may_be(int length)
    {
        int cut = new Chunker(Known).Cut(new byte[length], 0);
        Assert.Equal(length < Chunker.Least ? -1 : Chunker.Least, cut);
    }

    [Fact]
    public void nothing_is_longer_than_the_longest()
    {
        // Equal bytes have one fingerprint throughout: none of a cut.
        byte[] data = new byte[Chunker.Most + 100];
        data.AsSpan().Fill(1);
        var chunker = new Chunker(Known);
        Assert.Equal(-1, chunker.Cut(data.AsSpan(0, Chunker.Most - 1), 0));
        Assert.Equal(Chunker.Most, chunker.Cut(data.AsSpan(0, Chunker.Most), Chunker.Most - 1));
        Assert.Equal(Chunker.Most, chunker.Cut(data, 0));
    }

    /// <summary>Random bytes, or some that are often cut: runs of zeros between them.</summary>
    private static byte[] Data(int seed, int length, int kind)
    {
        var random = new Random(seed);
        var data = new byte[length];
        random.NextBytes(data);
        for (int i = 0; i < kind * 4; i++)
        {
            int at = random.Next(length);
            data.AsSpan(at, Math.Min(random.Next(1, 200), length - at)).Clear();
        }
        return data;
    }

    /// <summary>The buffer is filled by pieces of any size, and what was searched is not searched again.</summary>
    private static List<int> Cuts(Chunker chunker, ReadOnlySpan<byte> data, Random random)
    {
        var cuts = new List<int>();
        int searched = 0;
        for (int filled = 0; !data.IsEmpty;)
        {
            filled = Math.Min(data.Length, filled + random.Next(1, random.Next(2) == 0 ? 200 : 300_000));
            for (int cut; (cut = chunker.Cut(data[..filled], searched)) > 0; searched = 0)
            {
                cuts.Add(cut);
                data = data[cut..];
                filled -= cut;
            }
            searched = filled;
            if (filled == data.Length)
                return cuts;
        }
        return cuts;
    }

    /// <summary>By the definition: the remainder of the last 64 bytes as a polynomial, computed anew by long division at each byte.</summary>
    private static IEnumerable<int> OneByOne(byte[] data)
    {
        int start = 0;
        ulong digest = 0;
        for (int i = 0; i < data.Length; i++)
        {
            int length = i + 1 - start;
            if (length < Chunker.Least)
                continue;
            if (length == Chunker.Least)
            {
                digest = 0;
                for (int j = i - 63; j <= i; j++)
                    digest = Known.Reduce(((UInt128)digest << 8) ^ data[j]);
            }
            else
            {
                // x^504 times the byte that leaves.
                digest ^= Leaving[data[i - 64]];
                digest = Known.Reduce(((UInt128)digest << 8) ^ data[i]);
            }
            if ((digest & 0xFFFFF) == 0 || length == Chunker.Most)
            {
                yield return length;
                start = i + 1;
            }
        }
    }

    private static readonly ulong[] Leaving = [.. Enumerable.Range(0, 256).Select(b =>
    {
        ulong left = (ulong)b;
        for (int i = 0; i < 63; i++)
            left = Known.Reduce((UInt128)left << 8);
        return left;
    })];
}
