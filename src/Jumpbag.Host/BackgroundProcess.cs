using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>A program that goes on when this one ends: with nothing to read, nobody who reads it, and no place at the terminal.</summary>
public static unsafe class BackgroundProcess
{
    /// <exception cref="FailedException">It cannot be started.</exception>
    public static void Start(string path, params IEnumerable<string> arguments)
    {
        fixed (byte* empty = "/dev/null\0"u8)
        {
            int nothing = Libc.openat(Libc.AtCurrentDirectory, empty, Libc.ReadWrite | Libc.CloseOnExec, 0);
            Libc.Check(nothing).ThrowIfFailed("/dev/null");
            try
            {
                ChildProcess.Start(new(path, [.. arguments.Prepend(path).Select(ByteString.FromArgument)]) { Input = nothing, Output = nothing, Errors = nothing }).Dispose();
            }
            finally
            {
                _ = Libc.close(nothing);
            }
        }
    }
}
