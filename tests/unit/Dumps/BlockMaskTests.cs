using CsCheck;
using Jumpbag.Databases.Dumps.Scanning;

namespace Jumpbag.Tests.Unit.Dumps;

/// <summary>The masks against the plain meaning, byte by byte.</summary>
public sealed class BlockMaskTests
{
    private static readonly Gen<byte[]> Text = Gen.Int[0, 2].Select(i => @"\'a"[i]).Select(c => (byte)c).Array[128];

    [Fact]
    public void equal_finds_each_byte() => Text.Sample(text =>
    {
        Finds<Block128>(text);
        if (System.Runtime.Intrinsics.X86.Avx2.IsSupported)
            Finds<Block256>(text);
    });

    private static void Finds<TBlock>(byte[] text)
        where TBlock : struct, IBlock
    {
        Assert.Equal(Bits(i => text[i] == (byte)'\''), TBlock.Equal(ref text[0], (byte)'\''));
        Assert.Equal(Bits(i => text[i + 64] is (byte)'\'' or (byte)'a'), TBlock.EqualAny(ref text[64], (byte)'x', (byte)'a', (byte)'\'', (byte)'y'));
    }

    [Fact]
    public void prefix_xor_is_the_parity_so_far() => Gen.ULong.Sample(bits =>
        Assert.Equal(Bits(i => (System.Numerics.BitOperations.PopCount(bits << (63 - i)) & 1) != 0), BlockMasks.PrefixXor(bits)));

    [Fact]
    public void escaped_follows_runs_of_backslashes_over_the_blocks_end() => Text.Sample(text =>
    {
        var escaped = new bool[129];
        for (int i = 0; i < 128; i++)
            if (text[i] == (byte)'\\' && !escaped[i])
                escaped[i + 1] = true;
        bool carry = false;
        for (int block = 0; block < 128; block += 64)
        {
            int from = block;
            Assert.Equal(Bits(i => escaped[from + i]), BlockMasks.Escaped(Block128.Equal(ref text[block], (byte)'\\'), ref carry));
            Assert.Equal(escaped[block + 64], carry);
        }
    });

    private static ulong Bits(Func<int, bool> isSet)
    {
        ulong bits = 0;
        for (int i = 0; i < 64; i++)
            bits |= isSet(i) ? 1UL << i : 0;
        return bits;
    }
}
