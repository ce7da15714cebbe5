using System.Buffers;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.FileSystems.Ext;

/// <summary>
/// Whether a case-folding directory takes two names for the same: compared character by character in their simple folding,
/// without the canonical decomposition and the foldings to several characters that the kernel also knows.
/// </summary>
internal static class ExtCaseFold
{
    public static bool Equal(ByteString left, ByteString right)
    {
        ReadOnlySpan<byte> a = left.Span, b = right.Span;
        while (!a.IsEmpty && !b.IsEmpty)
        {
            // Names that are no UTF-8 are compared as bytes, which was done before.
            if (Rune.DecodeFromUtf8(a, out Rune first, out int firstUsed) != OperationStatus.Done
                || Rune.DecodeFromUtf8(b, out Rune second, out int secondUsed) != OperationStatus.Done
                || Fold(first) != Fold(second))
                return false;
            a = a[firstUsed..];
            b = b[secondUsed..];
        }
        return a.IsEmpty && b.IsEmpty;
    }

    /// <summary>The platform leaves out U+017F, a long s, since it would become ASCII.</summary>
    private static Rune Fold(Rune rune) => rune.Value == 0x17F ? new('s') : Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune));
}
