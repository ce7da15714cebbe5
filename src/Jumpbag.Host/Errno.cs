using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>What a system call answered, by the kernel's number; <see cref="None"/> is success. Only those that someone tells apart are named.</summary>
public enum Errno
{
    None = 0,
    NotPermitted = 1,
    NoEntry = 2,
    NoProcess = 3,
    Interrupted = 4,
    InputOutput = 5,
    NoSuchDeviceOrAddress = 6,
    TooBig = 7,
    BadDescriptor = 9,
    Again = 11,
    AccessDenied = 13,
    Busy = 16,
    Exists = 17,
    CrossDevice = 18,
    NoSuchDevice = 19,
    NotDirectory = 20,
    IsDirectory = 21,
    Invalid = 22,
    NotTerminal = 25,
    FileTooBig = 27,
    NoSpace = 28,
    ReadOnly = 30,
    TooManyLinks = 31,
    BrokenPipe = 32,
    Range = 34,
    NameTooLong = 36,
    NotImplemented = 38,
    NotEmpty = 39,
    SymbolicLinkLoop = 40,
    NoData = 61,
    NotSupported = 95,
    NotConnected = 107,
    RemoteInputOutput = 121,
    Quota = 122,
}

public static class ErrnoText
{
    /// <summary>libc's sentence, in lower case: "no space left on device".</summary>
    public static string Describe(this Errno errno)
    {
        string text = Marshal.GetPInvokeErrorMessage((int)errno);
        return text.Length > 1 && char.IsUpper(text[0]) && !char.IsUpper(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;
    }

    /// <summary>"what: no such file or directory", to be thrown.</summary>
    public static FailedException Failed(this Errno errno, string what, string? hint = null) => new($"{what}: {errno.Describe()}", hint);

    public static void ThrowIfFailed(this Errno errno, string what)
    {
        if (errno != Errno.None)
            throw errno.Failed(what);
    }
}
