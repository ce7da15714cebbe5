using Jumpbag.Core;

namespace Jumpbag.Finding;

/// <summary>
/// A shell pattern over bytes, as fnmatch(3) without flags: * any bytes (also / and a leading dot), ? one character,
/// [a-z] and [!a-z] one of a set, \ takes the next as it is.
/// </summary>
public sealed class Glob
{
    private readonly byte[] pattern;
    private readonly bool ignoreCase;

    /// <param name="ignoreCase">Of ASCII letters: the encoding of names is not known.</param>
    public Glob(ByteString pattern, bool ignoreCase)
    {
        this.pattern = pattern.Span.ToArray();
        this.ignoreCase = ignoreCase;
    }

    public bool Matches(ReadOnlySpan<byte> name)
    {
        // The usual two-pointer match: on failure go back to the last star and let it take one byte more.
        int p = 0, n = 0, star = -1, starName = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == (byte)'*')
            {
                star = p++;
                starName = n;
            }
            else if (p < pattern.Length && MatchOne(ref p, name, n, out int taken))
            {
                n += taken;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++starName;
            }
            else
            {
                return false;
            }
        }
        while (p < pattern.Length && pattern[p] == (byte)'*')
            p++;
        return p == pattern.Length;
    }

    /// <summary>Matches what stands at <paramref name="p"/> against one character of the name; moves on only when it fits.</summary>
    private bool MatchOne(ref int p, ReadOnlySpan<byte> name, int n, out int taken)
    {
        taken = 1;
        switch (pattern[p])
        {
            case (byte)'?':
                // A whole UTF-8 character where there is one, else a byte.
                if (System.Text.Rune.DecodeFromUtf8(name[n..], out _, out int length) == System.Buffers.OperationStatus.Done)
                    taken = length;
                p++;
                return true;
            case (byte)'[' when SetEnd(p) is var end and > 0:
                if (!InSet(p + 1, end, Fold(name[n])))
                    return false;
                p = end + 1;
                return true;
            case (byte)'\\' when p + 1 < pattern.Length:
                if (Fold(pattern[p + 1]) != Fold(name[n]))
                    return false;
                p += 2;
                return true;
            default:
                if (Fold(pattern[p]) != Fold(name[n]))
                    return false;
                p++;
                return true;
        }
    }

    /// <summary>Where the "]" of the set at <paramref name="start"/> stands; a "]" that comes first is a member. -1: not closed.</summary>
    private int SetEnd(int start)
    {
        int first = start + 1;
        if (first < pattern.Length && pattern[first] is (byte)'!' or (byte)'^')
            first++;
        int end = first < pattern.Length ? Array.IndexOf(pattern, (byte)']', Math.Min(first + 1, pattern.Length)) : -1;
        return end;
    }

    private bool InSet(int from, int end, byte value)
    {
        bool negated = pattern[from] is (byte)'!' or (byte)'^';
        if (negated)
            from++;
        bool found = false;
        for (int i = from; i < end; i++)
        {
            byte low = Fold(pattern[i]), high = low;
            if (i + 2 < end && pattern[i + 1] == (byte)'-')
            {
                high = Fold(pattern[i + 2]);
                i += 2;
            }
            found |= value >= low && value <= high;
        }
        return found != negated;
    }

    private byte Fold(byte b) => ignoreCase && b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b + 32) : b;
}
