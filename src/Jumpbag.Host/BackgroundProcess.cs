using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>A program that goes on when this one ends: in a session of its own, with nothing to read and nobody who reads it.</summary>
public static class BackgroundProcess
{
    /// <exception cref="FailedException">It cannot be started.</exception>
    public static void Start(string path, params IEnumerable<string> arguments)
    {
        using var nothing = new NullDevice();
        var program = ByteString.FromArgument(path);
        int none = nothing.Descriptor;
        ChildProcess.Start(program, [program, .. arguments.Select(ByteString.FromArgument)], [], [(none, 0), (none, 1), (none, 2)], newSession: true, out _).ThrowIfFailed(path);
    }
}
