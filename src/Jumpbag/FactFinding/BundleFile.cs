using Jumpbag.Core;
using Jumpbag.Host;

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

    public static void Write(string file, byte[] content) => WholeFile.Write(Path.GetFullPath(file), content, "a folder on another filesystem may take it: --bundle /dev/shm/facts.tar.gz");
}
