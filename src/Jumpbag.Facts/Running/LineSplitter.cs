namespace Jumpbag.Facts.Running;

/// <summary>Cuts what comes in pieces into lines. One that is longer than allowed is dropped.</summary>
public sealed class LineSplitter(int longest)
{
    private readonly List<byte> begun = [];
    private bool skipping;

    /// <summary>The lines that are whole now, without their ends.</summary>
    public IReadOnlyList<byte[]> Add(ReadOnlySpan<byte> bytes)
    {
        var whole = new List<byte[]>();
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOf((byte)'\n');
            ReadOnlySpan<byte> piece = end < 0 ? bytes : bytes[..end];
            if (!skipping && begun.Count + piece.Length <= longest)
                begun.AddRange(piece);
            else
                skipping = true;
            if (end < 0)
                break;
            if (!skipping && begun.Count > 0)
                whole.Add([.. begun]);
            begun.Clear();
            skipping = false;
            bytes = bytes[(end + 1)..];
        }
        return whole;
    }
}
