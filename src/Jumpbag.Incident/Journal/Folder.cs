using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Incident.Journal;

/// <summary>The folders that journals lie in.</summary>
public static class Folder
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <exception cref="PlaceException">It is not there and can't be made.</exception>
    public static void Make(string path)
    {
        if (Directory.Exists(path))
            return;
        try
        {
            Directory.CreateDirectory(path, Private);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PlaceException(path, e is UnauthorizedAccessException ? Errno.AccessDenied.Describe() : e.HResult is > 0 and < 256 ? ((Errno)e.HResult).Describe() : e.Message);
        }
    }

    /// <summary>As <see cref="Make"/>, within a folder that everybody may write to.</summary>
    public static void MakePrivate(string path)
    {
        Make(path);
        if (!IsPrivate(path))
            throw new PlaceException(path, "it is another's, or open to others");
    }

    /// <summary>A real folder of this user's that nobody else can write to. Others could have made one before us.</summary>
    public static bool IsPrivate(string path) => FileStatus.Of(ByteString.FromArgument(path), out FileStatus status) == Errno.None
        && status.IsDirectory && status.Uid == ProcessIdentity.EffectiveUser && (status.Mode & 0x12) == 0;
}
