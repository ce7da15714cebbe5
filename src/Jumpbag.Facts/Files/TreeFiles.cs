using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Facts.Files;

/// <summary>The files on a disk that no system runs from, through the filesystem readers.</summary>
/// <param name="damaged">Told of what could not be read.</param>
public sealed class TreeFiles(FileTree tree, PathDamageSink damaged) : IFiles
{
    private const int MostEntries = 100_000;

    public byte[]? Read(string path, int most, bool fromEnd = false)
    {
        ByteString name = ByteString.FromArgument(path);
        if (tree.TryLookup(name) is not { Node.Type: FileType.Regular } file)
            return null;
        var content = new byte[Math.Min(file.Node.Size, most)];
        try
        {
            file.FileSystem.Read(file.Node, fromEnd ? file.Node.Size - content.Length : 0, content, damage => damaged(name, damage));
            return content;
        }
        catch (JumpbagException e)
        {
            damaged(name, new(e.Message));
            return null;
        }
    }

    public void ReadAt(string path, long offset, Span<byte> into)
    {
        ByteString name = ByteString.FromArgument(path);
        if (tree.TryLookup(name) is not { Node.Type: FileType.Regular } file)
            return;
        try
        {
            file.FileSystem.Read(file.Node, offset, into, damage => damaged(name, damage));
        }
        catch (JumpbagException e)
        {
            damaged(name, new(e.Message));
        }
    }

    public IReadOnlyList<FileEntry> List(string folder)
    {
        ByteString name = ByteString.FromArgument(folder);
        if (tree.TryLookup(name) is not { Node.Type: FileType.Directory } directory)
            return [];
        var entries = new List<FileEntry>();
        try
        {
            foreach (DirectoryEntry entry in tree.List(directory, damage => damaged(name, damage)).Take(MostEntries))
                entries.Add(EntryOf($"{folder}/{entry.Name.ToArgument()}", tree.Open(directory, entry, damage => damaged(name, damage)).Node));
        }
        catch (JumpbagException e)
        {
            damaged(name, new(e.Message));
        }
        entries.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return entries;
    }

    public FileEntry? Stat(string path) => tree.TryLookup(ByteString.FromArgument(path)) is { } file ? EntryOf(path, file.Node) : null;

    public string? Target(string path)
    {
        try
        {
            TreeNode link = tree.Lookup(ByteString.FromArgument(path), followLast: false);
            return link.Node.Type == FileType.SymbolicLink ? link.FileSystem.ReadLink(link.Node, _ => { }).ToArgument() : null;
        }
        catch (JumpbagException)
        {
            return null; // There is no such file, or the way to it is damaged, which is told when it is listed.
        }
    }

    private static FileEntry EntryOf(string path, Node node) =>
        new(path, node.Type == FileType.Directory, node.Type == FileType.Regular, node.Size, LiveFiles.Time(node.Modified), LiveFiles.Time(node.Changed));
}
