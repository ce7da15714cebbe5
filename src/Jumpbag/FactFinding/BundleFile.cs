using Jumpbag.Core;

namespace Jumpbag.FactFinding;

/// <summary>Writes a bundle whole or not at all, readable by its owner only: what it holds is the machine's inside.</summary>
internal static class BundleFile
{
    /// <exception cref="UsageException">The name says another format.</exception>
    public static void CheckName(string file)
    {
        if (!(file.EndsWith(".json", StringComparison.Ordinal) || file.EndsWith(".tar.gz", StringComparison.Ordinal) || file.EndsWith(".tgz", StringComparison.Ordinal)))
            throw new UsageException($"--bundle {ByteString.FromArgument(file)}: the name must end with .tar.gz or .json");
    }

    public static void Write(string file, byte[] content)
    {
        string beside = $"{file}.{Environment.ProcessId}.part";
        try
        {
            using (var stream = new FileStream(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }
            File.Move(beside, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(beside);
            throw new FailedException($"{ByteString.FromArgument(file)}: {e.Message}", "a folder on another filesystem may take it: --bundle /dev/shm/facts.tar.gz", e);
        }
    }
}
