using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.FactFinding;

/// <summary>Writes a bundle whole or not at all, readable by its owner only: what it holds is the machine's inside.</summary>
internal static class BundleFile
{
    /// <summary>Before facts are looked for, which takes a while.</summary>
    /// <exception cref="UsageException">The name says another format.</exception>
    /// <exception cref="NotFoundException">The folder is not there: a disk that is not mounted, mostly.</exception>
    public static void CheckName(string file)
    {
        if (!(file.EndsWith(".json", StringComparison.Ordinal) || file.EndsWith(".tar.gz", StringComparison.Ordinal) || file.EndsWith(".tgz", StringComparison.Ordinal)))
            throw new UsageException($"--bundle {ByteString.FromArgument(file)}: the name must end with .tar.gz or .json");
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
            throw new NotFoundException($"--bundle {ByteString.FromArgument(file)}: there is no such folder");
    }

    public static void Write(string file, byte[] content) => WholeFile.Write(Path.GetFullPath(file), content, "a folder on another filesystem may take it: --bundle /dev/shm/facts.tar.gz");
}
