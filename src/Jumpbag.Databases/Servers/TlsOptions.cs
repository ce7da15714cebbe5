using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers;

/// <summary>What an address asks of TLS, in .NET's terms.</summary>
internal static class TlsOptions
{
    public static SslClientAuthenticationOptions Of(ServerAddress address, bool requestProtocol)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = address.Host,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (requestProtocol)
            options.ApplicationProtocols = [new("postgresql")];
        if (address.CertificateFile is { } certificate)
            options.ClientCertificateContext = SslStreamCertificateContext.Create(
                Read(certificate, () => X509Certificate2.CreateFromPemFile(certificate, address.KeyFile ?? certificate)), null, offline: true);
        if (address.Tls >= TlsMode.VerifyCa && address.AuthoritiesFile is { } file)
        {
            var authorities = new X509Certificate2Collection();
            Read(file, () =>
            {
                authorities.ImportFromPemFile(file);
                return authorities;
            });
            if (authorities.Count == 0)
                throw new FailedException($"{file}: holds no certificate (PEM)");
            options.CertificateChainPolicy = new()
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        options.RemoteCertificateValidationCallback = (_, _, _, errors) => address.Tls switch
        {
            TlsMode.VerifyIdentity => errors == SslPolicyErrors.None,
            TlsMode.VerifyCa => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
            _ => true,
        };
        return options;
    }

    public static string Explain(AuthenticationException e) =>
        e.InnerException?.Message ?? (e.Message.Contains("RemoteCertificate", StringComparison.Ordinal)
            ? $"the server's certificate is not to be trusted ({string.Join(", ", Reasons(e.Message))})" : e.Message);

    public static string? Hint(ServerAddress address) => address.Tls < TlsMode.VerifyCa ? null : address.AuthoritiesFile is null
        ? "name the file of the authority that signed it: ssl-ca=FILE (MariaDB, MySQL) or sslrootcert=FILE (PostgreSQL)"
        : $"is it signed by an authority in {address.AuthoritiesFile}, and made out to {address.Host}?";

    private static IEnumerable<string> Reasons(string message)
    {
        if (message.Contains("NameMismatch", StringComparison.Ordinal))
            yield return "it is made out to another name";
        if (message.Contains("ChainErrors", StringComparison.Ordinal))
            yield return "no trusted authority signed it, or it has expired";
        if (message.Contains("NotAvailable", StringComparison.Ordinal))
            yield return "it sent none";
    }

    private static T Read<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new FailedException($"{file}: {e.Message}", null, e);
        }
    }
}
