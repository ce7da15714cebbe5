using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Jumpbag.Backup.Chunking;

/// <summary>
/// Says where a file is cut: behind a byte where the Rabin fingerprint of the last 64 bytes ends in 20 zero bits, not before
/// 512 KiB and at the latest at 8 MiB. So an insertion moves few cuts, and the same content gives the same blobs. It has no
/// state, since the fingerprint is one of these 64 bytes alone: a search may go on wherever the last one ended.
/// </summary>
public sealed class Chunker
{
    public const int Least = 512 << 10, Most = 8 << 20;

    private const int Window = 64, TopShift = RabinPolynomial.RequiredDegree - 8;
    private const ulong SplitMask = (1 << 20) - 1;

    /// <summary>By the 8 bits above the degree: what takes them away and adds their remainder.</summary>
    private readonly ulong[] overflow = new ulong[256];

    /// <summary>By a byte that leaves the window, in its place when the next byte has been shifted in.</summary>
    private readonly ulong[] leaving = new ulong[256];

    public Chunker(RabinPolynomial polynomial)
    {
        Polynomial = polynomial;
        Debug.Assert(polynomial.Degree == RabinPolynomial.RequiredDegree);
        for (int b = 0; b < 256; b++)
        {
            UInt128 shifted = (UInt128)b << RabinPolynomial.RequiredDegree;
            overflow[b] = (ulong)shifted ^ polynomial.Reduce(shifted);
            ulong left = (ulong)b;
            for (int i = 0; i < Window; i++)
                left = polynomial.Reduce((UInt128)left << 8);
            leaving[b] = left;
        }
    }

    public RabinPolynomial Polynomial { get; }

    /// <summary>How long the chunk is that begins with <paramref name="data"/>; -1 where its end is not among it.</summary>
    /// <param name="searched">Length of the beginning in which an earlier call found no end.</param>
    public int Cut(ReadOnlySpan<byte> data, int searched)
    {
        int first = Math.Max(Least, searched + 1), last = Math.Min(data.Length, Most);
        if (first > last)
            return -1;
        int found = Search(data, first, last);
        return found < 0 && data.Length >= Most ? Most : found;
    }

    /// <summary>The first length from <paramref name="first"/> to <paramref name="last"/> whose last 64 bytes say so.</summary>
    /// <remarks>A step waits for the one before it, so three stretches are gone through at once; a cut in a later one counts only if there is none in those before.</remarks>
    private int Search(ReadOnlySpan<byte> data, int first, int last)
    {
        const int Stretch = 16 << 10;
        while (last - first >= 3 * Stretch)
        {
            int found = SearchThree(data, first, Stretch);
            if (found >= 0)
                return found;
            first += 3 * Stretch;
        }
        ulong digest = Fingerprint(data, first - 1);
        for (int length = first; length <= last; length++)
        {
            digest = Step(digest, data[length - 1], data[length - 1 - Window]);
            if ((digest & SplitMask) == 0)
                return length;
        }
        return -1;
    }

    private int SearchThree(ReadOnlySpan<byte> data, int first, int stretch)
    {
        ulong a = Fingerprint(data, first - 1), b = Fingerprint(data, first - 1 + stretch), c = Fingerprint(data, first - 1 + 2 * stretch);
        int foundB = -1, foundC = -1;
        ref byte start = ref MemoryMarshal.GetReference(data[(first - 1 - Window)..(first - 1 + 3 * stretch)]);
        ref ulong over = ref MemoryMarshal.GetArrayDataReference(overflow), left = ref MemoryMarshal.GetArrayDataReference(leaving);
        for (int i = 0; i < stretch; i++)
        {
            ref byte at = ref Unsafe.Add(ref start, i);
            a = (a << 8 | Unsafe.Add(ref at, Window)) ^ Unsafe.Add(ref over, (int)(a >> TopShift)) ^ Unsafe.Add(ref left, at);
            ref byte atB = ref Unsafe.Add(ref at, stretch);
            b = (b << 8 | Unsafe.Add(ref atB, Window)) ^ Unsafe.Add(ref over, (int)(b >> TopShift)) ^ Unsafe.Add(ref left, atB);
            ref byte atC = ref Unsafe.Add(ref atB, stretch);
            c = (c << 8 | Unsafe.Add(ref atC, Window)) ^ Unsafe.Add(ref over, (int)(c >> TopShift)) ^ Unsafe.Add(ref left, atC);
            if ((a & SplitMask) == 0)
                return first + i;
            if ((b & SplitMask) == 0 && foundB < 0)
                foundB = first + stretch + i;
            if ((c & SplitMask) == 0 && foundC < 0)
                foundC = first + 2 * stretch + i;
        }
        return foundB >= 0 ? foundB : foundC;
    }

    /// <summary>Of the 64 bytes that end at <paramref name="end"/>.</summary>
    private ulong Fingerprint(ReadOnlySpan<byte> data, int end)
    {
        ulong digest = 0;
        foreach (byte b in data.Slice(end - Window, Window))
            digest = (digest << 8 | b) ^ overflow[digest >> TopShift];
        return digest;
    }

    private ulong Step(ulong digest, byte entering, byte leavingByte) => (digest << 8 | entering) ^ overflow[digest >> TopShift] ^ leaving[leavingByte];
}
