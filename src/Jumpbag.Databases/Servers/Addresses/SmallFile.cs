using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.Addresses;

/// <summary>A configuration file: short, and of whom it may be depends on what it is for.</summary>
internal static class SmallFile
{
    private const int MostBytes = 1 << 20;

    /// <summary>Its text; null where there is none. The mode is that of the file itself, behind any symbolic link.</summary>
    public static string? Read(string path, out UnixFileMode mode)
    {
        mode = UnixFileMode.None;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            mode = File.GetUnixFileMode(stream.SafeFileHandle);
            using var text = new MemoryStream();
            var buffer = new byte[16 << 10];
            for (int count; (count = stream.Read(buffer)) > 0;)
            {
                text.Write(buffer, 0, count);
                if (text.Length > MostBytes)
                    throw new FailedException($"{path}: is longer than {MostBytes >> 20} MiB");
            }
            return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{path}: cannot be read: {(e is UnauthorizedAccessException ? "permission denied" : e.Message)}", null, e);
        }
    }
}
