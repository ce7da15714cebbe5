using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Backup.Sources;

/// <summary>Paths as bytes.</summary>
internal static class SourcePath
{
    private static readonly ByteString Here = ByteString.FromText("."), Above = ByteString.FromText(".."), Top = ByteString.FromText("/");

    /// <summary>The shortest that names the same, links aside: no empty parts, no ".", ".." only at the beginning of a relative one.</summary>
    public static ByteString Clean(ByteString path)
    {
        bool isAbsolute = IsAbsolute(path);
        var parts = new List<ByteString>();
        foreach (ByteString part in Parts(path))
        {
            if (part == Here)
                continue;
            if (part != Above || (!isAbsolute && (parts.Count == 0 || parts[^1] == Above)))
                parts.Add(part);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
        }
        return parts.Count == 0 ? isAbsolute ? Top : Here : Joined(parts, isAbsolute);
    }

    /// <summary>Of a clean path, without what leads up.</summary>
    public static List<ByteString> Components(ByteString path) => [.. Parts(path).Where(part => part != Here && part != Above)];

    /// <summary>The folder that holds the first of the components.</summary>
    public static ByteString Root(ByteString path) => IsAbsolute(path) ? Top : Clean(Joined([Here, .. Parts(path).Where(part => part == Above)], false));

    public static ByteString Absolute(ByteString path) =>
        IsAbsolute(path) ? Clean(path) : Clean(ByteString.FromArgument(Environment.CurrentDirectory).Join(path));

    /// <summary>Of a clean path with components: the folder that it is in, and its name there.</summary>
    public static (ByteString Folder, ByteString Name) Split(ByteString path)
    {
        int slash = path.Span.LastIndexOf((byte)'/');
        return slash < 0 ? (Here, path) : (slash == 0 ? Top : new(path.Span[..slash]), new(path.Span[(slash + 1)..]));
    }

    private static bool IsAbsolute(ByteString path) => !path.IsEmpty && path.Span[0] == (byte)'/';

    private static List<ByteString> Parts(ByteString path)
    {
        var parts = new List<ByteString>();
        foreach (Range part in path.Span.Split((byte)'/'))
            if (!path.Span[part].IsEmpty)
                parts.Add(new(path.Span[part]));
        return parts;
    }

    private static ByteString Joined(List<ByteString> parts, bool isAbsolute)
    {
        ByteString joined = isAbsolute ? Top : default;
        foreach (ByteString part in parts)
            joined = joined.Join(part);
        return joined;
    }
}
