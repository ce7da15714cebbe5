using System.Runtime.InteropServices;
using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// .NET's TLS and hashes load OpenSSL at their first use, and end the program where there is none. So whoever needs them asks here
/// first.
/// </summary>
public static class OpenSsl
{
    private static readonly string[] Names = ["libssl.so.3", "libssl.so.1.1", "libssl.so.1.0.2", "libssl.so.1.0.0", "libssl.so.10"];

    private static readonly Lazy<bool> Present = new(() => Names.Any(name => NativeLibrary.TryLoad(name, out _)));

    /// <param name="otherwise">What works without it.</param>
    public static void Require(string what, string otherwise = "without TLS, an account that logs in by unix_socket needs none")
    {
        if (!Present.Value)
            throw new FailedException($"{what} needs the OpenSSL library, which this machine does not have",
                $"install libssl3 (Debian) or openssl-libs (RPM); {otherwise}");
    }
}
