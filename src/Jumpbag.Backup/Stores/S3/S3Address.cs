using System.Text.RegularExpressions;
using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.S3;

/// <summary>s3://ENDPOINT/BUCKET[/PREFIX], or restic's s3:[http[s]://]ENDPOINT/BUCKET[/PREFIX]; https unless http is said.</summary>
/// <param name="Endpoint">Of the service, without the bucket.</param>
/// <param name="Prefix">Empty, or ends in a slash.</param>
internal sealed partial record S3Address(string Place, Uri Endpoint, string Bucket, string Prefix)
{
    private const string Amazon = ".amazonaws.com";

    public static StoreAddress.Target Read(string text)
    {
        Match match = Form().Match(text);
        string scheme = match.Groups["scheme"].Value, prefix = match.Groups["prefix"].Value.Trim('/');
        if (!match.Success || !Uri.TryCreate($"{(scheme.Length > 0 ? scheme : "https://")}{match.Groups["endpoint"].Value}/", UriKind.Absolute, out Uri? endpoint) || endpoint.UserInfo.Length > 0 || endpoint.Host.Length == 0)
            throw new UsageException($"{StoreAddress.WithoutPassword(text)}: is no address of an S3 bucket", "such as s3://s3.eu-central-1.amazonaws.com/BUCKET/PREFIX, or s3:http://HOST:9000/BUCKET without TLS; the keys are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
        var address = new S3Address(text, endpoint, match.Groups["bucket"].Value, prefix.Length == 0 ? "" : prefix + "/");
        return new(text, options => new S3Store(address, S3Keys.Find(address, options.Variable), options));
    }

    /// <summary>Amazon wants the bucket in the name of the host, all others know it as a folder.</summary>
    public Uri BucketUrl => IsAmazon && HostLike().IsMatch(Bucket)
        ? new($"{Endpoint.Scheme}://{Bucket}.{Endpoint.Authority}/") : new(Endpoint, Encode(Bucket) + "/");

    /// <summary>As the name of the host tells it; Amazon's first one where it tells nothing.</summary>
    public string Region => IsAmazon && RegionInHost().Match(Endpoint.Host) is { Success: true } match ? match.Groups[1].Value : "us-east-1";

    /// <summary>A key or a bucket in a URL, as it is signed: everything but letters, digits and four signs as bytes; slashes stay.</summary>
    public static string Encode(string key) => string.Join('/', key.Split('/').Select(Uri.EscapeDataString));

    private bool IsAmazon => Endpoint.Host.EndsWith(Amazon, StringComparison.OrdinalIgnoreCase) || Endpoint.Host.EndsWith(Amazon + ".cn", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"^s3:(?://|(?<scheme>https?://))?(?<endpoint>[^/@\s]+)/(?<bucket>[^/\s]+)(?<prefix>/.*)?$")]
    private static partial Regex Form();

    /// <summary>With a dot in it the certificate would not fit.</summary>
    [GeneratedRegex(@"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\z")]
    private static partial Regex HostLike();

    [GeneratedRegex(@"^s3[.-](?:dualstack\.|fips\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws")]
    private static partial Regex RegionInHost();
}
