using Jumpbag.Core;

namespace Jumpbag.CommandLine;

/// <summary>
/// The command line as the shell gave it. .NET replaces bytes that are not UTF-8; a file name needs them, so they are taken
/// from the kernel, as lone surrogates (see <see cref="ByteString.ToArgument"/>).
/// </summary>
public static class RawArguments
{
    public static string[] Read(string[] decoded)
    {
        if (!decoded.Any(argument => argument.Contains('\uFFFD', StringComparison.Ordinal)))
            return decoded;
        byte[] raw;
        try
        {
            raw = File.ReadAllBytes("/proc/self/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return decoded;
        }
        var arguments = new List<string>();
        foreach (Range range in raw.AsSpan().Split((byte)0))
            arguments.Add(new ByteString(raw.AsSpan()[range]).ToArgument());
        // The last one ends with a NUL too; the first ones are the program (and, in a JIT build, the host's).
        return [.. arguments.Take(arguments.Count - 1).TakeLast(decoded.Length)];
    }
}
