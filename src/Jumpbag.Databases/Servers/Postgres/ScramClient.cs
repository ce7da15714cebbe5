using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Jumpbag.Databases.Servers.Postgres;

/// <summary>
/// SCRAM-SHA-256 without channel binding: proves that we know the password without saying it, and has the server prove it too.
/// </summary>
/// <remarks>RFC 5802, RFC 7677; https://www.postgresql.org/docs/current/sasl-authentication.html</remarks>
internal sealed class ScramClient(string password, ServerSocket socket)
{
    public const string Mechanism = "SCRAM-SHA-256";

    /// <summary>PostgreSQL has 4096 unless told; a hostile server could have us compute for hours.</summary>
    private const int MostIterations = 1_000_000;

    private const string Gs2Header = "n,,";

    private readonly string nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
    private byte[] serverSignature = [];

    // The server takes the name from the start-up message.
    private string FirstBare => $"n=,r={nonce}";

    public byte[] First() => Encoding.UTF8.GetBytes(Gs2Header + FirstBare);

    public byte[] Final(ReadOnlySpan<byte> serverFirst)
    {
        string first = Encoding.UTF8.GetString(serverFirst);
        string both = Attribute(first, "r="), salt = Attribute(first, "s=");
        if (!both.StartsWith(nonce, StringComparison.Ordinal) || both.Length == nonce.Length)
            throw socket.Broken("its SCRAM nonce does not go on from ours");
        if (!int.TryParse(Attribute(first, "i="), NumberStyles.None, CultureInfo.InvariantCulture, out int iterations) || iterations is < 1 or > MostIterations)
            throw socket.Broken("its SCRAM iterations are out of bounds");
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password.Normalize(NormalizationForm.FormKC)), Base64(salt), iterations, HashAlgorithmName.SHA256, 32);
        string withoutProof = $"c={Convert.ToBase64String(Encoding.ASCII.GetBytes(Gs2Header))},r={both}";
        byte[] exchange = Encoding.UTF8.GetBytes($"{FirstBare},{first},{withoutProof}");
        byte[] clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        byte[] proof = HMACSHA256.HashData(SHA256.HashData(clientKey), exchange);
        for (int i = 0; i < proof.Length; i++)
            proof[i] ^= clientKey[i];
        serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), exchange);
        return Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }

    /// <summary>A server that does not know the password cannot have made this signature.</summary>
    public void Verify(ReadOnlySpan<byte> serverFinal)
    {
        byte[] signature = Base64(Attribute(Encoding.UTF8.GetString(serverFinal), "v="));
        if (serverSignature.Length == 0 || !CryptographicOperations.FixedTimeEquals(signature, serverSignature))
            throw socket.Broken("it does not know the password itself");
    }

    private string Attribute(string message, string name) =>
        message.Split(',').FirstOrDefault(part => part.StartsWith(name, StringComparison.Ordinal))?[name.Length..]
        ?? throw socket.Broken("its SCRAM message lacks a part");

    private byte[] Base64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int length) ? bytes[..length] : throw socket.Broken("its SCRAM message is not base64");
    }
}
