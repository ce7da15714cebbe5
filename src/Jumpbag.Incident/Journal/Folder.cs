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
        var made = new List<string>();
        for (string? above = path; above is not null && !Directory.Exists(above); above = Path.GetDirectoryName(above))
            made.Add(above);
        try
        {
            Directory.CreateDirectory(path, Private);
            foreach (string folder in made)
                _ = Sync(Path.GetDirectoryName(folder)!);
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

    /// <summary>The names in it are on the disk after this.</summary>
    internal static Errno Sync(string path)
    {
        Errno error = DirectoryHandle.Open(ByteString.FromArgument(path), out DirectoryHandle? folder);
        using (folder)
            // Some filesystems have nothing to write for a folder, and say so.
            return error != Errno.None ? error : folder!.Sync() is var result && result == Errno.Invalid ? Errno.None : result;
    }

    /// <summary>A real folder of this user's that nobody else can write to. Others could have made one before us.</summary>
    public static bool IsPrivate(string path) => FileStatus.Of(ByteString.FromArgument(path), out FileStatus status) == Errno.None
        && status.IsDirectory && status.Uid == ProcessIdentity.EffectiveUser && (status.Mode & 0x12) == 0;
}
