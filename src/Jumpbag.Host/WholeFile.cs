using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>Small files that are there whole or not at all.</summary>
public static class WholeFile
{
    /// <summary>Writes one, and the folder where that is missing, for its owner's eyes only.</summary>
    /// <exception cref="FailedException">It can't be written; what was there before stays.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, string? hint = null)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string beside = $"{path}.{Environment.ProcessId}";
            // Left by one who had our number and was killed; and where others may write too, nobody's link is followed.
            File.Delete(beside);
            try
            {
                using (var file = new FileStream(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
                {
                    file.Write(content);
                    file.Flush(flushToDisk: true);
                }
                File.Move(beside, path, overwrite: true);
            }
            catch
            {
                File.Delete(beside);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{ByteString.FromArgument(path)}: {e.Message}", hint, e);
        }
    }
}
