using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>Where a symbolic link points, by one system call.</summary>
public static unsafe class SymbolicLink
{
    private const int MostBytes = 4096;

    /// <summary>Null where there is none of that name, or it cannot be read.</summary>
    public static string? Target(string path)
    {
        byte* target = stackalloc byte[MostBytes];
        fixed (byte* text = (byte[])[.. ByteString.FromArgument(path).Span, 0])
        {
            nint length = Libc.readlink(text, target, MostBytes);
            return length <= 0 || length == MostBytes ? null : new ByteString(new(target, (int)length)).ToArgument();
        }
    }
}
