using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>What the machine calls its users and groups, from wherever it is told to look (nsswitch.conf).</summary>
public static unsafe class AccountNames
{
    private const int RangeError = 34, MostBytes = 1 << 20;

    private delegate int Lookup(uint id, void** entry, byte* buffer, nuint size, void** result);

    /// <summary>Empty where there is none of that number.</summary>
    public static ByteString OfUser(uint uid) => Name(uid, Libc.getpwuid_r);

    /// <inheritdoc cref="OfUser"/>
    public static ByteString OfGroup(uint gid) => Name(gid, Libc.getgrgid_r);

    private static ByteString Name(uint id, Lookup lookup)
    {
        // struct passwd and struct group both begin with the name, and are no longer than eight pointers.
        void** entry = stackalloc void*[8];
        for (int size = 4096; size <= MostBytes; size *= 4)
        {
            var buffer = new byte[size];
            void* found = null;
            fixed (byte* start = buffer)
            {
                int error = lookup(id, entry, start, (nuint)size, &found);
                if (error == RangeError)
                    continue;
                return found == null ? default : new(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)entry[0]));
            }
        }
        return default;
    }
}
