namespace Jumpbag.Host;

/// <summary>A name as libc takes it: with a zero at its end.</summary>
internal static unsafe class CName
{
    public const int Size = 256;

    /// <summary>Copies at most 255 bytes without a zero among them; false where that cannot be.</summary>
    public static bool Copy(ReadOnlySpan<byte> name, byte* destination)
    {
        if (name.Length is 0 or >= Size || name.Contains((byte)0))
            return false;
        name.CopyTo(new Span<byte>(destination, Size));
        destination[name.Length] = 0;
        return true;
    }

    /// <summary>
    /// Whether it names an entry of the very directory: no slash, not "." nor "..". This is what keeps every image inside
    /// of its destination, whatever stands in it.
    /// </summary>
    public static bool IsEntry(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and < Size && name.IndexOfAny((byte)'/', (byte)0) < 0 && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    public static bool CopyEntry(ReadOnlySpan<byte> name, byte* destination) => IsEntry(name) && Copy(name, destination);
}
