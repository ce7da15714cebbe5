using System.Globalization;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Backup.Sources;

/// <summary>
/// How the paths that a person named stand in a snapshot, as restic puts them: each below the folders that lead to it, of which only the
/// attributes are saved; of "." and "/" the entries.
/// </summary>
internal sealed class TargetTree
{
    public SortedDictionary<ByteString, TargetTree> Nodes { get; } = [];

    /// <summary>What stands here, with all that is in it; empty where only some of its entries do.</summary>
    public ByteString Path { get; private set; }

    /// <summary>Whose attributes a folder gets that is not saved whole.</summary>
    public ByteString AttributesOf { get; private set; }

    /// <summary>The folder in which the path begins: names that are the same below different ones are told apart by a number.</summary>
    private ByteString root;

    /// <exception cref="JumpbagException">A path is not there, or cannot be read.</exception>
    public static TargetTree Of(IEnumerable<ByteString> paths)
    {
        var tree = new TargetTree();
        var seen = new HashSet<ByteString>();
        foreach (ByteString given in paths)
            foreach (ByteString path in Expand(SourcePath.Clean(given)))
                if (seen.Add(path))
                    tree.AddTarget(path);
        tree.Unroll();
        return tree;
    }

    private static IEnumerable<ByteString> Expand(ByteString path)
    {
        if (SourcePath.Components(path).Count > 0)
        {
            FileStatus.Of(path, out _).ThrowIfFailed(path.ToString());
            return [path];
        }
        return Entries(path).Select(name => SourcePath.Clean(path.Join(name)));
    }

    private static List<ByteString> Entries(ByteString folder)
    {
        var names = new List<ByteString>();
        DirectoryHandle.Open(folder, out DirectoryHandle? opened).ThrowIfFailed(folder.ToString());
        using (opened)
            opened!.ReadNames(names).ThrowIfFailed(folder.ToString());
        names.Sort();
        return names;
    }

    private void AddTarget(ByteString path)
    {
        List<ByteString> components = SourcePath.Components(path);
        ByteString from = SourcePath.Root(path), name = components[0];
        for (int i = 1; ; i++)
        {
            if (!Nodes.TryGetValue(name, out TargetTree? other))
                Nodes.Add(name, other = new() { root = from });
            if (other.root == from)
            {
                other.Add(path, SourcePath.Clean(from.Join(components[0])), components, 1);
                return;
            }
            name = new([.. components[0].Span, (byte)'-', .. System.Text.Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture))]);
        }
    }

    /// <param name="here">The path of this node.</param>
    /// <param name="depth">How many components lead to it.</param>
    private void Add(ByteString target, ByteString here, List<ByteString> components, int depth)
    {
        if (depth == components.Count)
        {
            Path = target;
            return;
        }
        AttributesOf = here;
        ByteString name = components[depth];
        if (!Nodes.TryGetValue(name, out TargetTree? next))
            Nodes.Add(name, next = new());
        next.Add(target, here.Join(name), components, depth + 1);
    }

    /// <summary>A folder that is named, and an entry of it too, is the folder: what is in it is named one by one.</summary>
    private void Unroll()
    {
        if (!Path.IsEmpty && Nodes.Count > 0)
        {
            foreach (ByteString name in Entries(Path))
            {
                if (!Nodes.TryGetValue(name, out TargetTree? node))
                    Nodes.Add(name, node = new());
                if (node.Path.IsEmpty)
                    node.Path = Path.Join(name);
            }
            Path = default;
        }
        foreach (TargetTree node in Nodes.Values)
            node.Unroll();
    }
}
