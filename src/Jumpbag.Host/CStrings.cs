using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>Strings as C takes a list of them: pointers to bytes that a zero ends, and a null pointer at the end.</summary>
internal sealed unsafe class CStrings : IDisposable
{
    private readonly int count;

    public CStrings(IReadOnlyList<ByteString> strings)
    {
        count = strings.Count;
        Pointers = (byte**)NativeMemory.AllocZeroed((nuint)(count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < count; i++)
        {
            Pointers[i] = (byte*)NativeMemory.AllocZeroed((nuint)strings[i].Length + 1);
            strings[i].Span.CopyTo(new(Pointers[i], strings[i].Length));
        }
    }

    public byte** Pointers { get; }

    public void Dispose()
    {
        for (int i = 0; i < count; i++)
            NativeMemory.Free(Pointers[i]);
        NativeMemory.Free(Pointers);
    }
}
