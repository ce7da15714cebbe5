using Jumpbag.Core;

namespace Jumpbag.FileSystems.Locators;

/// <summary>
/// How a person names a place: <c>SOURCE[@LAYER]…[:/PATH]</c>, taken apart. An existing file whose name has '@' or ':'
/// in it wins over the grammar; double quotes around a part keep what is inside them together.
/// </summary>
public sealed record Locator(string Source, IReadOnlyList<string> Layers, ByteString? Path)
{
    /// <param name="text">As it came on the command line (see <see cref="ByteString.FromArgument"/>).</param>
    /// <param name="exists">Whether a file or device of that name is there.</param>
    /// <exception cref="UsageException">A quote is not closed, a layer is empty.</exception>
    public static Locator Parse(string text, Func<string, bool> exists)
    {
        string source = FindSource(text, exists, out int end);
        if (source.Length == 0)
            throw new UsageException($"'{Show(text)}' names no disk or image", "a locator is SOURCE[@LAYER]…[:/PATH], such as disk.img@2:/etc");
        var layers = new List<string>();
        while (end < text.Length && text[end] == '@')
        {
            string layer = Part(text, end + 1, out end);
            if (layer.Length == 0)
                throw new UsageException($"'{Show(text)}' has an '@' with nothing behind it", "write a partition number, VG/LV, label=…, uuid=… or offset=BYTES");
            layers.Add(layer);
        }
        ByteString? path = null;
        if (end < text.Length)
        {
            string rest = text[(end + 1)..];
            path = ByteString.FromArgument(rest.StartsWith('/') ? rest : "/" + rest);
        }
        return new(source, layers, path);
    }

    /// <summary>A word without a path and without layers that is no existing file may be a path of this machine; cp's destination is.</summary>
    public bool IsBare => Layers.Count == 0 && Path is null;

    /// <summary>The longest prefix, ending before an '@' or ':' or at the end, that is an existing file; without one, the first.</summary>
    private static string FindSource(string text, Func<string, bool> exists, out int end)
    {
        if (text.StartsWith('"'))
            return Part(text, 0, out end);
        for (end = text.Length; end > 0; end--)
            if ((end == text.Length || text[end] is '@' or ':') && exists(text[..end]))
                return text[..end];
        return Part(text, 0, out end);
    }

    /// <summary>From <paramref name="start"/> to the next '@' or ':' outside quotes; the quotes themselves fall away.</summary>
    private static string Part(string text, int start, out int end)
    {
        var part = new System.Text.StringBuilder();
        bool quoted = false;
        for (end = start; end < text.Length; end++)
        {
            char c = text[end];
            if (c == '"')
                quoted = !quoted;
            else if (!quoted && (c is '@' or ':'))
                break;
            else
                part.Append(c);
        }
        if (quoted)
            throw new UsageException($"'{Show(text)}' has a quote that is not closed");
        return part.ToString();
    }

    private static string Show(string argument) => ByteString.FromArgument(argument).ToString();
}
