using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Backup.Sources;

/// <summary>What is saved of a folder that only leads to what is saved: links in its path are followed.</summary>
internal static class LiveAttributes
{
    public static string? Of(ByteString path, out SourceFile folder, Action<string> unread)
    {
        folder = default;
        Errno error = FileStatus.OfTarget(path, out FileStatus status);
        if (error != Errno.None)
            return error.Describe();
        if (!status.IsDirectory)
            return "is no folder";
        var attributes = new List<(ByteString Name, byte[] Value)>();
        error = AttributeReading.Of(path, attributes, LiveFolder.Unread(unread));
        folder = LiveFolder.Describe(status) with { Xattrs = LiveFolder.Attributes(attributes) };
        return error == Errno.None ? null : error.Describe();
    }
}
