using Jumpbag.FileSystems.Ext.Format;

namespace Jumpbag.FileSystems.Ext;

/// <summary>The hash that orders a directory's tree, and its minor part: legacy, half MD4 or TEA, of signed or unsigned characters.</summary>
/// <remarks>https://docs.kernel.org/filesystems/ext4/directory.html#hash-tree-directories</remarks>
internal static class ExtNameHash
{
    private const int Legacy = 0, HalfMd4 = 1, Tea = 2, LegacyUnsigned = 3, TeaUnsigned = 5;

    /// <summary>s_flags: this filesystem's hashes are of unsigned characters.</summary>
    private const uint UnsignedFlag = 2;

    /// <summary>What would mean a tree's end is one less.</summary>
    private const uint End = 0xFFFF_FFFE;

    private static readonly uint[] DefaultSeed = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476];

    /// <summary>The version, 0 to 5, that goes with one of the three that a directory or a superblock names.</summary>
    public static int Version(ExtSuperblock superblock, int named) =>
        named <= Tea && (superblock.Flags & UnsignedFlag) != 0 ? named + LegacyUnsigned : named;

    /// <summary>(0, 0) for versions that cannot be computed from the name.</summary>
    public static (uint Hash, uint Minor) Compute(ReadOnlySpan<byte> name, int version, uint[] seed)
    {
        bool unsigned = version >= LegacyUnsigned;
        Span<uint> state = stackalloc uint[4];
        (seed.AsSpan().IndexOfAnyExcept(0u) >= 0 ? seed : DefaultSeed).CopyTo(state);
        Span<uint> words = stackalloc uint[8];
        (uint hash, uint minor) = (0u, 0u);
        switch (version is >= LegacyUnsigned and <= TeaUnsigned ? version - LegacyUnsigned : version)
        {
            case Legacy:
                hash = LegacyHash(name, unsigned);
                break;
            case HalfMd4:
                for (int at = 0; at < name.Length; at += 32)
                {
                    Fill(words, name[at..], unsigned);
                    HalfMd4Round(state, words);
                }
                (hash, minor) = (state[1], state[2]);
                break;
            case Tea:
                for (int at = 0; at < name.Length; at += 16)
                {
                    Fill(words[..4], name[at..], unsigned);
                    TeaRound(state, words);
                }
                (hash, minor) = (state[0], state[1]);
                break;
            default:
                return (0, 0);
        }
        hash &= ~1u;
        return (hash == End ? End - 2 : hash, minor);
    }

    private static uint Character(byte b, bool unsigned) => unsigned ? b : (uint)(sbyte)b;

    private static uint LegacyHash(ReadOnlySpan<byte> name, bool unsigned)
    {
        uint last = 0x12A3_FE2D, before = 0x37AB_E8F9;
        foreach (byte b in name)
        {
            uint hash = before + (last ^ (Character(b, unsigned) * 7152373));
            if ((hash & 0x8000_0000) != 0)
                hash -= 0x7FFF_FFFF;
            (before, last) = (last, hash);
        }
        return last << 1;
    }

    /// <summary>The name as big-endian words, what is missing filled with the length that is left.</summary>
    private static void Fill(Span<uint> words, ReadOnlySpan<byte> rest, bool unsigned)
    {
        uint padding = (uint)rest.Length | (uint)rest.Length << 8;
        padding |= padding << 16;
        for (int i = 0; i < words.Length; i++)
        {
            uint value = padding;
            for (int j = i * 4; j < Math.Min(i * 4 + 4, rest.Length); j++)
                value = Character(rest[j], unsigned) + (value << 8);
            words[i] = value;
        }
    }

    private static void TeaRound(Span<uint> state, ReadOnlySpan<uint> words)
    {
        uint sum = 0, left = state[0], right = state[1];
        for (int round = 0; round < 16; round++)
        {
            sum += 0x9E37_79B9;
            left += ((right << 4) + words[0]) ^ (right + sum) ^ ((right >> 5) + words[1]);
            right += ((left << 4) + words[2]) ^ (left + sum) ^ ((left >> 5) + words[3]);
        }
        state[0] += left;
        state[1] += right;
    }

    /// <summary>MD4 with half the steps in each of its rounds.</summary>
    private static void HalfMd4Round(Span<uint> state, ReadOnlySpan<uint> words)
    {
        ReadOnlySpan<byte> order = [0, 1, 2, 3, 4, 5, 6, 7, 1, 3, 5, 7, 0, 2, 4, 6, 3, 7, 2, 6, 1, 5, 0, 4];
        ReadOnlySpan<byte> turns = [3, 7, 11, 19, 3, 5, 9, 13, 3, 9, 11, 15];
        (uint a, uint b, uint c, uint d) = (state[0], state[1], state[2], state[3]);
        for (int step = 0; step < order.Length; step++)
        {
            int round = step / 8;
            uint mixed = round switch
            {
                0 => d ^ (b & (c ^ d)),
                1 => (b & c) + ((b ^ c) & d) + 0x5A82_7999,
                _ => (b ^ c ^ d) + 0x6ED9_EBA1,
            };
            uint next = uint.RotateLeft(a + mixed + words[order[step]], turns[round * 4 + step % 4]);
            (a, b, c, d) = (d, next, b, c);
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
    }
}
