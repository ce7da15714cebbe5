using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>What the kernel would let this process do in a folder, asked beforehand.</summary>
public static unsafe class FolderAccess
{
    /// <summary>Whether files can be made in it: neither permissions nor a read-only filesystem are in the way.</summary>
    public static bool MayWrite(string folder)
    {
        const int WriteAndSearch = 2 | 1, EffectiveIds = 0x200;
        fixed (byte* path = (byte[])[.. ByteString.FromArgument(folder).Span, 0])
            return Libc.faccessat(Libc.AtCurrentDirectory, path, WriteAndSearch, EffectiveIds) == 0;
    }
}
