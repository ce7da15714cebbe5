using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>Small files that are there whole or not at all.</summary>
public static class WholeFile
{
    /// <exception cref="FailedException">It can't be written; what was there before stays.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string beside = $"{path}.{Environment.ProcessId}";
            FileHandle.Open(ByteString.FromArgument(beside), 0x180, out FileHandle? file).ThrowIfFailed(beside);
            try
            {
                using (file)
                {
                    file!.Write(content, 0).ThrowIfFailed(beside);
                    file.Truncate(content.Length).ThrowIfFailed(beside);
                    file.Sync().ThrowIfFailed(beside);
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
            throw new FailedException($"{path}: {e.Message}", null, e);
        }
    }
}
