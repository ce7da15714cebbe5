using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>/dev/null, open: for programs that shall read nothing and whose output nobody wants.</summary>
internal sealed unsafe class NullDevice : IDisposable
{
    public NullDevice()
    {
        using var path = new CStrings([ByteString.FromText("/dev/null")]);
        Descriptor = Libc.openat(Libc.AtCurrentDirectory, path.Pointers[0], Libc.ReadWrite | Libc.CloseOnExec, 0);
        Libc.Check(Descriptor).ThrowIfFailed("/dev/null");
    }

    public int Descriptor { get; }

    public void Dispose() => _ = Libc.close(Descriptor);
}
