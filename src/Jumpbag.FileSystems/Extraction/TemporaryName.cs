using System.Buffers;
using System.Buffers.Text;

namespace Jumpbag.FileSystems.Extraction;

/// <summary>
/// Names of files that are not complete: ".jumpbag-", eight hexadecimal digits drawn at random, "-", a number,
/// ".part". What a killed run leaves is known by that form.
/// </summary>
internal sealed class TemporaryName
{
    /// <summary>The longest that is made.</summary>
    public const int Length = 9 + 8 + 1 + 16 + 5;

    private static readonly SearchValues<byte> Hex = SearchValues.Create("0123456789abcdef"u8);

    private readonly uint run = (uint)Environment.TickCount64 ^ (uint)Random.Shared.NextInt64() ^ ((uint)Environment.ProcessId << 16);
    private long number;

    /// <summary>Another one each time.</summary>
    public ReadOnlySpan<byte> Next(Span<byte> buffer)
    {
        ".jumpbag-"u8.CopyTo(buffer);
        _ = Utf8Formatter.TryFormat(run, buffer[9..], out _, new('x', 8));
        buffer[17] = (byte)'-';
        _ = Utf8Formatter.TryFormat(Interlocked.Increment(ref number), buffer[18..], out int digits, 'x');
        ".part"u8.CopyTo(buffer[(18 + digits)..]);
        return buffer[..(23 + digits)];
    }

    public static bool IsOne(ReadOnlySpan<byte> name) =>
        name.Length is > 23 and <= Length && name.StartsWith(".jumpbag-"u8) && name.EndsWith(".part"u8) && name[17] == (byte)'-'
        && IsHex(name[9..17]) && IsHex(name[18..^5]);

    private static bool IsHex(ReadOnlySpan<byte> digits) => digits.IndexOfAnyExcept(Hex) < 0;
}
