using System.Buffers;
using System.Globalization;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm;

/// <summary>
/// Reads LVM's configuration text, as in lvm.conf(5): <c>name { … }</c>, <c>key = value</c>, values in double or single
/// quotes, numbers, lists in brackets, comments from '#' on. It ends at the first NUL.
/// </summary>
public ref struct ConfigText
{
    /// <summary>A section, value or list element each count as one. A volume group of 10,000 volumes has about 200,000.</summary>
    public const int MaxValues = 300_000;

    private const int MaxDepth = 16;

    private static readonly SearchValues<byte> WordEnds = SearchValues.Create(" \t\r\n\v\f#={}[],\"'"u8);

    private readonly ReadOnlySpan<byte> text;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> words;
    private int at;
    private int values;

    private ConfigText(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)0);
        this.text = end < 0 ? text : text[..end];
        // The same few dozen keys and flags come back in every volume: one string each.
        words = new HashSet<string>().GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <param name="text">The bytes; those from a NUL on are not read.</param>
    /// <param name="valueCount">How many values there are, for those who bound the sum.</param>
    /// <returns>The outermost section, which has no name.</returns>
    /// <exception cref="CorruptException">It is not such a text; the byte is said.</exception>
    /// <exception cref="UnsupportedException">It has more than <see cref="MaxValues"/> values.</exception>
    public static ConfigSection Parse(ReadOnlySpan<byte> text, out int valueCount)
    {
        var parser = new ConfigText(text);
        var root = new ConfigSection("");
        parser.Fill(root, 0);
        valueCount = parser.values;
        return root;
    }

    private void Fill(ConfigSection section, int depth)
    {
        if (depth > MaxDepth)
            throw Error("sections nest too deep");
        while (true)
        {
            SkipBlanks();
            if (at == text.Length)
            {
                if (depth > 0)
                    throw Error($"the section {section.Name} has no end");
                return;
            }
            if (text[at] == (byte)'}' && depth > 0)
            {
                at++;
                return;
            }
            string key = text[at] is (byte)'"' or (byte)'\'' ? Quoted() : Word();
            SkipBlanks();
            object value;
            if (Accept((byte)'{'))
            {
                Count();
                var inner = new ConfigSection(key);
                Fill(inner, depth + 1);
                value = inner;
            }
            else if (Accept((byte)'='))
                value = Value();
            else
                throw Error($"neither '=' nor '{{' follows {key}");
            if (!section.TryAdd(key, value))
                throw Error($"{key} is there twice");
        }
    }

    private object Value()
    {
        SkipBlanks();
        if (!Accept((byte)'['))
            return Scalar();
        var list = new List<object>();
        SkipBlanks();
        while (!Accept((byte)']'))
        {
            list.Add(Scalar());
            SkipBlanks();
            if (!Accept((byte)',') && (at == text.Length || text[at] != (byte)']'))
                throw Error("a list has no end");
            SkipBlanks();
        }
        return list.ToArray();
    }

    private object Scalar()
    {
        Count();
        if (at < text.Length && text[at] is (byte)'"' or (byte)'\'')
            return Quoted();
        string word = Word();
        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
            return integer;
        return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : word;
    }

    /// <summary>In double quotes a backslash makes the next byte stand for itself; in single quotes it is a byte like others.</summary>
    private string Quoted()
    {
        byte quote = text[at++];
        int start = at;
        bool escaped = false;
        while (at < text.Length && text[at] != quote)
        {
            if (quote == (byte)'"' && text[at] == (byte)'\\')
            {
                escaped = true;
                at++;
            }
            at++;
        }
        if (at >= text.Length)
            throw Error("a string has no end");
        ReadOnlySpan<byte> raw = text[start..at++];
        return Interned(escaped ? Unescaped(raw) : raw);
    }

    private static byte[] Unescaped(ReadOnlySpan<byte> raw)
    {
        var result = new List<byte>(raw.Length);
        for (int i = 0; i < raw.Length; i++)
            result.Add(raw[i] == (byte)'\\' && i + 1 < raw.Length ? raw[++i] : raw[i]);
        return [.. result];
    }

    private string Word()
    {
        int length = text[at..].IndexOfAny(WordEnds);
        ReadOnlySpan<byte> word = length < 0 ? text[at..] : text.Slice(at, length);
        if (word.IsEmpty)
            throw Error("a name or a value is missing");
        at += word.Length;
        return Interned(word);
    }

    private readonly string Interned(ReadOnlySpan<byte> bytes)
    {
        const int Short = 32;
        if (bytes.Length > Short)
            return Encoding.UTF8.GetString(bytes);
        Span<char> characters = stackalloc char[Short];
        ReadOnlySpan<char> word = characters[..Encoding.UTF8.GetChars(bytes, characters)];
        if (words.TryGetValue(word, out string? known))
            return known;
        string made = word.ToString();
        words.Set.Add(made);
        return made;
    }

    private void SkipBlanks()
    {
        while (at < text.Length)
        {
            if (text[at] == (byte)'#')
            {
                int end = text[at..].IndexOf((byte)'\n');
                at = end < 0 ? text.Length : at + end;
            }
            else if (text[at] is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r'))
                at++;
            else
                return;
        }
    }

    private bool Accept(byte wanted)
    {
        if (at == text.Length || text[at] != wanted)
            return false;
        at++;
        return true;
    }

    private void Count()
    {
        if (++values > MaxValues)
            throw new UnsupportedException($"LVM2 metadata: more than {MaxValues} values");
    }

    private readonly CorruptException Error(string what) => new($"LVM2 metadata: at byte {at}: {what}");
}
