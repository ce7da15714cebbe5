using System.Buffers.Text;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Board.Access;

/// <summary>"jbt_" and 256 random bits. The prefix is what masks it in journals.</summary>
public static class Secret
{
    public const string Prefix = "jbt_";

    private const int Bytes = 32;

    /// <summary>From the kernel: the framework's own source loads OpenSSL.</summary>
    public static string New()
    {
        var bytes = new byte[Bytes];
        using (FileStream random = File.OpenRead("/dev/urandom"))
            random.ReadExactly(bytes);
        return Prefix + Base64Url.EncodeToString(bytes);
    }

    public static string Hash(string secret) => Convert.ToHexStringLower(Sha256.Hash(Encoding.UTF8.GetBytes(secret)));
}
