namespace Jumpbag.Incident.Journal;

/// <summary>
/// The id of an event: a ULID (https://github.com/ulid/spec), 48 bits of milliseconds and 80 random bits in 26 digits of Crockford's base 32, so
/// that the order of the texts is that of the times. One is always above the id that it follows, whatever the clock says.
/// </summary>
public static class EventId
{
    public const int Length = 26;

    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public static string Next(string? last, DateTimeOffset now)
    {
        UInt128 next = ((UInt128)(ulong)now.ToUnixTimeMilliseconds() << 80) | Random();
        if (last is not null && Parse(last) is { } above && next <= above)
            next = above + 1;
        return Text(next);
    }

    /// <summary>Null where the text is no such id.</summary>
    public static UInt128? Parse(string text)
    {
        if (text.Length != Length || text[0] > '7')
            return null;
        UInt128 value = 0;
        foreach (char c in text)
        {
            int digit = Digits.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0)
                return null;
            value = (value << 5) | (uint)digit;
        }
        return value;
    }

    public static string Text(UInt128 value) => string.Create(Length, value, (text, rest) =>
    {
        for (int i = Length - 1; i >= 0; i--, rest >>= 5)
            text[i] = Digits[(int)(rest & 31)];
    });

    /// <summary>80 bits. From a new GUID less its fixed bits, since the framework's other source would load OpenSSL.</summary>
    private static UInt128 Random()
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = Guid.NewGuid().TryWriteBytes(bytes);
        UInt128 value = 0;
        foreach (byte b in bytes[..6])
            value = (value << 8) | b;
        foreach (byte b in bytes[12..])
            value = (value << 8) | b;
        return value;
    }
}
