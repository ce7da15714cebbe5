using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers;

/// <summary>What an address asks of TLS, in .NET's terms, and what was found of the server's certificate.</summary>
internal sealed class TlsOptions(ServerAddress address)
{
    private SslPolicyErrors errors;

    public SslClientAuthenticationOptions Make()
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = address.Host,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
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
        options.RemoteCertificateValidationCallback = (_, _, _, found) =>
        {
            errors = address.Tls switch
            {
                TlsMode.VerifyIdentity => found,
                TlsMode.VerifyCa => found & ~SslPolicyErrors.RemoteCertificateNameMismatch,
                _ => SslPolicyErrors.None,
            };
            return errors == SslPolicyErrors.None;
        };
        return options;
    }

    public FailedException Explain(AuthenticationException e)
    {
        string place = $"{address.Place}: TLS";
        if (errors == SslPolicyErrors.None)
            return new($"{place}: {(e.InnerException ?? e).Message}", null, e);
        return new($"{place}: the server's certificate is not to be trusted: {string.Join(", ", Reasons())}", address.AuthoritiesFile is null
            ? "name the file of the authority that signed it: ssl-ca=FILE (MariaDB, MySQL) or sslrootcert=FILE (PostgreSQL)"
            : $"is it signed by an authority in {address.AuthoritiesFile}, and made out to {address.Host}?", e);
    }

    private IEnumerable<string> Reasons()
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            yield return "it is made out to another name";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            yield return "no trusted authority signed it, or it has expired";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
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
