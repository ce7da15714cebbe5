using System.Runtime.InteropServices;

namespace Jumpbag.Host;

/// <summary>Strings as execve(2) takes them: pointers to strings that end with a zero, and a null pointer at the end.</summary>
internal sealed unsafe class StringVector : IDisposable
{
    private readonly List<nint> memory = [];

    public StringVector(IEnumerable<byte[]> strings)
    {
        foreach (byte[] text in strings)
        {
            byte* copy = (byte*)NativeMemory.Alloc((nuint)text.Length + 1);
            text.CopyTo(new Span<byte>(copy, text.Length));
            copy[text.Length] = 0;
            memory.Add((nint)copy);
        }
        Start = (byte**)NativeMemory.AllocZeroed((nuint)memory.Count + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < memory.Count; i++)
            Start[i] = (byte*)memory[i];
    }

    public byte** Start { get; }

    public void Dispose()
    {
        foreach (nint text in memory)
            NativeMemory.Free((void*)text);
        memory.Clear();
        NativeMemory.Free(Start);
    }
}
