using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Jumpbag.Backup.Stores.S3;

/// <summary>Signs a request with keys, version 4 of Amazon's way.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html</remarks>
internal static class S3Signature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <param name="content">All of what is sent: its hash is signed too, and so the server sees whether it arrives as it was.</param>
    public static void Sign(HttpRequestMessage request, ReadOnlySpan<byte> content, S3Keys keys, string region, DateTimeOffset now)
    {
        string time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture), day = time[..8], scope = $"{day}/{region}/s3/aws4_request";
        string hash = Convert.ToHexStringLower(SHA256.HashData(content));
        Uri address = request.RequestUri!;
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["host"] = address.Authority,
            ["x-amz-content-sha256"] = hash,
            ["x-amz-date"] = time,
        };
        if (keys.Token is not null)
            headers["x-amz-security-token"] = keys.Token;
        foreach ((string name, string value) in headers)
            if (name != "host")
                request.Headers.TryAddWithoutValidation(name, value);
        string names = string.Join(';', headers.Keys);
        string canonical = $"{request.Method}\n{address.AbsolutePath}\n{SortedQuery(address)}\n{string.Concat(headers.Select(header => $"{header.Key}:{header.Value}\n"))}\n{names}\n{hash}";
        string text = $"{Algorithm}\n{time}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        byte[] key = Encoding.UTF8.GetBytes("AWS4" + keys.Secret);
        foreach (string part in new[] { day, region, "s3", "aws4_request" })
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        string signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
        request.Headers.TryAddWithoutValidation("Authorization", $"{Algorithm} Credential={keys.Id}/{scope}, SignedHeaders={names}, Signature={signature}");
    }

    /// <summary>A name without a value has an equals sign there.</summary>
    private static string SortedQuery(Uri address) =>
        string.Join('&', address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Contains('=', StringComparison.Ordinal) ? part : part + "=").Order(StringComparer.Ordinal));
}
