using System.Buffers;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Storage.Lvm.Format;

/// <summary>
/// LVM2's UUIDs: 32 letters, digits, '!' or '#'; on disk as they are, in the metadata text and for people in groups of
/// 6-4-4-4-4-4-6.
/// </summary>
public static class LvmUuid
{
    public const int Length = 32;

    private static readonly int[] GroupEnds = [6, 10, 14, 18, 22, 26];
    private static readonly SearchValues<byte> Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#"u8);

    /// <exception cref="CorruptException">Other characters are in it.</exception>
    public static string Format(ReadOnlySpan<byte> bare)
    {
        if (bare.Length != Length || bare.ContainsAnyExcept(Characters))
            throw new CorruptException($"LVM2: '{new ByteString(bare)}' is no UUID");
        var text = new StringBuilder(Encoding.ASCII.GetString(bare), Length + GroupEnds.Length);
        for (int i = GroupEnds.Length - 1; i >= 0; i--)
            text.Insert(GroupEnds[i], '-');
        return text.ToString();
    }

    /// <summary>Checks a UUID of the metadata text, with or without dashes, and gives it with them.</summary>
    public static string Normalize(string text) => Format(Encoding.UTF8.GetBytes(text.Replace("-", "", StringComparison.Ordinal)));
}
