using System.Buffers;
using Jumpbag.Core;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Databases.Dumps.Scanning;

namespace Jumpbag.Databases.Dumps;

/// <summary>
/// The statements of a dump in their order, the rows of long ones in pieces. What it has given stays in memory until it is released;
/// whoever reads on without releasing bounds that.
/// </summary>
public sealed class DumpReader(DumpInput input, DumpReaderOptions? options = null) : IDisposable
{
    private readonly StatementScanner scanner = new(input, options ?? new(), counting: false);

    /// <summary>How each input that was read to its end ended; the last one tells why <see cref="Read"/> gave null.</summary>
    public IReadOnlyList<DumpTail> Tails => scanner.Tails;

    /// <summary>
    /// The next statement or piece; null at the end of the last input, and where an input is cut: what is cut is never given.
    /// </summary>
    /// <exception cref="CorruptException">Compressed data is damaged or cut.</exception>
    /// <exception cref="UnsupportedException">A client command, or a statement that can't be held or cut.</exception>
    public DumpStatement? Read()
    {
        if (!scanner.Next())
            return null;
        ReadOnlySpan<byte> text = scanner.Text, lines = scanner.CopyLines, head = scanner.Head;
        int length = head.Length + text.Length + lines.Length;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        head.CopyTo(buffer);
        text.CopyTo(buffer.AsSpan(head.Length));
        lines.CopyTo(buffer.AsSpan(head.Length + text.Length));
        return new DumpStatement
        {
            Kind = scanner.Facts.Kind,
            Name = scanner.Facts.Name,
            Table = scanner.Facts.Table,
            Database = scanner.Database,
            InsertVerb = scanner.Verb,
            File = scanner.File,
            Offset = scanner.Offset,
            Length = scanner.Length,
            Line = scanner.Line,
            Rows = scanner.Rows,
            IsFirstPiece = scanner.IsFirst,
            IsLastPiece = scanner.IsLast,
            HasRest = scanner.HasRest,
            IsRest = scanner.IsRest,
            Text = buffer.AsMemory(0, head.Length + text.Length),
            CopyLines = buffer.AsMemory(head.Length + text.Length, lines.Length),
            Release = () =>
            {
                byte[]? given = Interlocked.Exchange(ref buffer!, null);
                if (given is not null)
                    ArrayPool<byte>.Shared.Return(given);
            },
        };
    }

    /// <summary>Closes the inputs.</summary>
    public void Dispose() => input.Dispose();
}
