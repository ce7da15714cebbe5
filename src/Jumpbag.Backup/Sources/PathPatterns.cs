using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Backup.Sources;

/// <summary>
/// Which paths are left out, by patterns as restic's --exclude takes them: parts between slashes, each with * ? [a-z] [^a-z] and \;
/// ** stands for any number of parts. One that begins with a slash is compared with the whole path, another with any run of parts;
/// what is left out is left out with all that is in it. The last pattern that fits decides, and ! before one takes back in.
/// </summary>
public sealed class PathPatterns
{
    private static readonly ByteString Any = ByteString.FromText("*"), AnyParts = ByteString.FromText("**");

    private readonly List<(bool IsNegated, ByteString[] Parts)> patterns = [];

    /// <exception cref="UsageException">One cannot be made out.</exception>
    public PathPatterns(IEnumerable<string> texts)
    {
        foreach (string text in texts)
        {
            string pattern = text.Trim();
            bool isNegated = pattern.StartsWith('!');
            pattern = isNegated ? pattern[1..] : pattern;
            if (pattern.Length == 0)
                continue;
            ByteString path = SourcePath.Clean(ByteString.FromArgument(pattern));
            // A lone slash is everything.
            ByteString[] parts = path.Length == 1 && path.Span[0] == (byte)'/' ? [default] : Split(path);
            foreach (ByteString part in parts)
                if (!IsValid(part.Span))
                    throw new UsageException($"{text}: the pattern has a [ without its ], or ends in \\", "a \\ before a character takes it as it is");
            patterns.Add((isNegated, parts));
        }
    }

    public bool IsEmpty => patterns.Count == 0;

    /// <param name="path">Absolute.</param>
    public bool Matches(ByteString path)
    {
        ByteString[] parts = Split(path);
        bool matches = false;
        foreach ((bool isNegated, ByteString[] pattern) in patterns)
            if (matches == isNegated && Matches(pattern, parts))
                matches = !isNegated;
        return matches;
    }

    private static bool Matches(ByteString[] pattern, ByteString[] parts)
    {
        int stars = Array.IndexOf(pattern, AnyParts);
        if (stars >= 0)
        {
            // It stands for none, one, two … parts.
            for (int count = 0; count <= parts.Length - pattern.Length + 1; count++)
                if (Matches([.. pattern[..stars], .. Enumerable.Repeat(Any, count), .. pattern[(stars + 1)..]], parts))
                    return true;
            return false;
        }
        if (pattern.Length == 0)
            return parts.Length == 0;
        int last = pattern[0].IsEmpty ? 0 : parts.Length - pattern.Length;
        if (parts.Length < pattern.Length)
            return false;
        for (int offset = last; offset >= 0; offset--)
        {
            bool fits = true;
            for (int i = pattern.Length - 1; i >= 0 && fits; i--)
                fits = MatchesPart(pattern[i].Span, parts[offset + i].Span);
            if (fits)
                return true;
        }
        return false;
    }

    private static ByteString[] Split(ByteString path)
    {
        var parts = new List<ByteString>();
        foreach (Range part in path.Span.Split((byte)'/'))
            parts.Add(new(path.Span[part]));
        return [.. parts];
    }

    /// <summary>As Go's path/filepath.Match: on a failure back to the last star, which takes one byte more.</summary>
    private static bool MatchesPart(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> name)
    {
        int p = 0, n = 0, star = -1, starName = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == (byte)'*')
            {
                star = ++p;
                starName = n;
            }
            else if (p < pattern.Length && MatchesOne(pattern, ref p, name, ref n))
            {
            }
            else if (star >= 0)
            {
                p = star;
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

    /// <summary>One character of the name against what stands for one; both move on only where it fits.</summary>
    private static bool MatchesOne(ReadOnlySpan<byte> pattern, ref int p, ReadOnlySpan<byte> name, ref int n)
    {
        int nextN = n, nextP = p;
        if (pattern[p] is (byte)'?' or (byte)'[')
        {
            int character = Character(name, ref nextN);
            if (pattern[p] == (byte)'?')
                nextP++;
            else if (!InSet(pattern, ref nextP, character))
                return false;
        }
        else
        {
            if (pattern[p] == (byte)'\\')
                nextP++;
            if (pattern[nextP++] != name[nextN++])
                return false;
        }
        (p, n) = (nextP, nextN);
        return true;
    }

    /// <summary>From the "[" on, behind the "]".</summary>
    private static bool InSet(ReadOnlySpan<byte> pattern, ref int p, int character)
    {
        p++;
        bool isNegated = pattern[p] == (byte)'^', found = false;
        if (isNegated)
            p++;
        for (bool isFirst = true; isFirst || pattern[p] != (byte)']'; isFirst = false)
        {
            int low = SetCharacter(pattern, ref p), high = low;
            if (pattern[p] == (byte)'-')
            {
                p++;
                high = SetCharacter(pattern, ref p);
            }
            found |= character >= low && character <= high;
        }
        p++;
        return found != isNegated;
    }

    private static int SetCharacter(ReadOnlySpan<byte> pattern, ref int p)
    {
        if (pattern[p] == (byte)'\\')
            p++;
        return Character(pattern, ref p);
    }

    private static int Character(ReadOnlySpan<byte> text, ref int at)
    {
        bool isText = Rune.DecodeFromUtf8(text[at..], out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
        at += isText ? length : 1;
        return rune.Value;
    }

    /// <summary>Whether each set is closed and no escape is cut off: afterwards nothing is read beyond the end.</summary>
    private static bool IsValid(ReadOnlySpan<byte> part)
    {
        for (int i = 0; i < part.Length;)
        {
            if (part[i] != (byte)'[')
            {
                i += part[i] == (byte)'\\' ? 2 : 1;
                if (i > part.Length)
                    return false;
                continue;
            }
            i++;
            if (i < part.Length && part[i] == (byte)'^')
                i++;
            for (bool isFirst = true; isFirst || (i < part.Length && part[i] != (byte)']'); isFirst = false)
                if (!SkipRange(part, ref i))
                    return false;
            if (i++ >= part.Length)
                return false;
        }
        return true;
    }

    private static bool SkipRange(ReadOnlySpan<byte> part, ref int i)
    {
        if (!SkipCharacter(part, ref i))
            return false;
        if (i >= part.Length || part[i] != (byte)'-')
            return true;
        i++;
        return SkipCharacter(part, ref i);
    }

    /// <summary>Go takes neither "-" nor "]" for a member unless a backslash stands before it.</summary>
    private static bool SkipCharacter(ReadOnlySpan<byte> part, ref int i)
    {
        if (i >= part.Length || part[i] is (byte)'-' or (byte)']')
            return false;
        if (part[i] == (byte)'\\' && ++i >= part.Length)
            return false;
        _ = Character(part, ref i);
        return true;
    }
}
