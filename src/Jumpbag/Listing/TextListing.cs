using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.FileSystems;
using Jumpbag.Terminal;

namespace Jumpbag.Listing;

/// <summary>Writes files as ls(1) does.</summary>
public sealed class TextListing(ListingStyle style, Output output, PathDamageSink damaged)
{
    private readonly long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <param name="name">How a file is called; null for the last name of its path.</param>
    public void Write(List<Visit> files, Func<ByteString, string>? name)
    {
        if (style.Long)
            WriteLong(files, name);
        else if (style.Columns is { } width)
            WriteColumns([.. files.Select(file => Prefix(file) + Shown(file, name) + Mark(file))], width);
        else
            foreach (Visit file in files)
            {
                output.Write(Prefix(file));
                WriteName(file, name);
                output.WriteLine(Mark(file));
            }
    }

    private void WriteLong(List<Visit> files, Func<ByteString, string>? name)
    {
        List<string[]> rows = [.. files.Select(Fields)];
        int[] widths = [.. Enumerable.Range(0, 7).Select(i => rows.Max(row => (int?)row[i].Length) ?? 0)];
        for (int f = 0; f < files.Count; f++)
        {
            string[] row = rows[f];
            var line = new StringBuilder();
            if (style.Inode)
                line.Append(row[0].PadLeft(widths[0])).Append(' ');
            line.Append(row[1].PadRight(widths[1])).Append(' ').Append(row[2].PadLeft(widths[2])).Append(' ')
                .Append(row[3].PadRight(widths[3])).Append(' ').Append(row[4].PadRight(widths[4])).Append(' ')
                .Append(row[5].PadLeft(widths[5])).Append(' ').Append(row[6].PadRight(widths[6])).Append(' ');
            output.Write(line.ToString());
            WriteName(files[f], name);
            WriteTarget(files[f]);
            output.WriteLine(files[f].Node.Node.Type == FileType.SymbolicLink ? "" : Mark(files[f]));
        }
    }

    private string[] Fields(Visit file)
    {
        Node node = file.Node.Node;
        string size = node.Type is FileType.CharacterDevice or FileType.BlockDevice ? $"{node.DeviceMajor}, {node.DeviceMinor}"
            : style.Human ? ByteSize.Ceiling(node.Size) : node.Size.ToString(CultureInfo.InvariantCulture);
        return
        [
            node.Inode.ToString(CultureInfo.InvariantCulture),
            ModeText.Letters(node) + (HasAcl(file) ? "+" : ""),
            node.Links.ToString(CultureInfo.InvariantCulture),
            style.Owners.User(node.Uid),
            style.Owners.Group(node.Gid),
            size,
            style.FullTime ? TimeText.Full(node.Modified) : TimeText.Short(node.Modified, now),
        ];
    }

    private bool HasAcl(Visit file)
    {
        if (file.Node.Node.Type == FileType.SymbolicLink)
            return false;
        try
        {
            foreach (ExtendedAttribute attribute in file.Node.FileSystem.ExtendedAttributes(file.Node.Node, damage => damaged(file.Path, damage)))
                if (attribute.Name.Span.StartsWith("system.posix_acl_"u8))
                    return true;
        }
        catch (JumpbagException e)
        {
            damaged(file.Path, new(e.Message));
        }
        return false;
    }

    private void WriteTarget(Visit file)
    {
        if (file.Node.Node.Type != FileType.SymbolicLink)
            return;
        try
        {
            ByteString target = file.Node.FileSystem.ReadLink(file.Node.Node, damage => damaged(file.Path, damage));
            output.Write(" -> ");
            if (style.Escaped)
                output.Write(target.ToString());
            else
                output.Write(target.Span);
        }
        catch (JumpbagException e)
        {
            output.Write(" -> ?");
            damaged(file.Path, new(e.Message));
        }
    }

    private void WriteName(Visit file, Func<ByteString, string>? name)
    {
        if (style.Escaped || name is not null)
            output.Write(Shown(file, name));
        else
            output.Write(LastName(file.Name));
    }

    private static string Shown(Visit file, Func<ByteString, string>? name) =>
        name is not null ? name(file.Path) : new ByteString(LastName(file.Name)).ToString();

    private static ReadOnlySpan<byte> LastName(ByteString name) => name.Span[(name.Span.LastIndexOf((byte)'/') + 1)..];

    private string Prefix(Visit file) => style.Inode ? file.Node.Node.Inode.ToString(CultureInfo.InvariantCulture) + " " : "";

    private string Mark(Visit file) => style.Classify ? ModeText.Mark(file.Node.Node) : "";

    /// <summary>Side by side, read downwards, in as few lines as fit.</summary>
    private void WriteColumns(List<string> names, int width)
    {
        int[] lengths = [.. names.Select(name => name.EnumerateRunes().Count())];
        // Trying every number of lines is quadratic; nobody reads thousands of names side by side.
        int most = Math.Max(1, names.Count);
        int lines = names.Count > 4000 ? most : Enumerable.Range(1, most).First(count => count == most || Needed(count) <= width);
        for (int line = 0; line < lines && names.Count > 0; line++)
        {
            var text = new StringBuilder();
            for (int i = line; i < names.Count; i += lines)
                text.Append(names[i]).Append(' ', i + lines < names.Count ? ColumnWidth(i / lines, lines) - lengths[i] : 0);
            output.WriteLine(text.ToString());
        }

        int ColumnWidth(int column, int count) => lengths.Skip(column * count).Take(count).Max() + 2;

        int Needed(int count) => Enumerable.Range(0, (names.Count + count - 1) / count).Sum(column => ColumnWidth(column, count)) - 2;
    }
}
