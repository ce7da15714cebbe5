using System.Net;
using System.Text;
using Jumpbag.Backup.Stores.Http;
using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.S3;

/// <summary>A repository in a bucket of Amazon S3, or of what speaks as that does.</summary>
internal sealed class S3Store : HttpStore
{
    private readonly S3Address address;
    private readonly S3Keys keys;
    private readonly TimeProvider clock;
    private readonly Uri bucket;
    private readonly Lazy<RepositoryLayout> layout;
    private volatile string region;

    public S3Store(S3Address address, S3Keys keys, StoreOptions options) : base(address.Place, address.Endpoint.Scheme == Uri.UriSchemeHttps, options)
    {
        this.address = address;
        this.keys = keys;
        clock = options.Clock;
        bucket = address.BucketUrl;
        region = keys.Region ?? address.Region;
        layout = new(() => new(IsLegacy: !Keys("keys/", 1).Any() && Keys("key/", 1).Any()));
    }

    /// <summary>By a listing, since a refusal of that says why, which one of a single file does not.</summary>
    public override bool HasRepository() => Keys("config", 1).Any(key => key == address.Prefix + "config");

    public override IReadOnlyList<string> List(FileKind kind) =>
        [.. Keys(layout.Value.Folder(kind) + "/", null).Select(key => key[(key.LastIndexOf('/') + 1)..]).Where(name => name.Length > 0)];

    public override void Prepare()
    {
        HttpAnswer answer = Ask(Place, () => new(HttpMethod.Get, Listing("config", 1, null)));
        if (answer.Succeeded)
            return;
        if (S3Xml.Error(answer.Body)?.Code != "NoSuchBucket")
            throw Refused(Place, answer);
        byte[] where = region == "us-east-1" ? [] : Encoding.UTF8.GetBytes($"<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>");
        answer = Ask(Place, () => new(HttpMethod.Put, bucket), where);
        if (!answer.Succeeded && S3Xml.Error(answer.Body)?.Code != "BucketAlreadyOwnedByYou")
            throw Refused($"{Place}: the bucket cannot be made", answer);
    }

    /// <summary>The server compares it with two hashes; where the one that it gives back is not ours, what is there is read again.</summary>
    public override void Save(FileKind kind, string name, ReadOnlyMemory<byte> content)
    {
        byte[] hash = Md5(content);
        HttpAnswer answer = Ask(Name(kind, name), () => new(HttpMethod.Put, AddressOf(kind, name)) { Content = new ByteArrayContent([]) { Headers = { ContentMD5 = hash } } }, content);
        if (!answer.Succeeded)
            throw Refused($"{Name(kind, name)}: cannot be written", answer);
        // Encrypted with a customer's key it has another one.
        if (!string.Equals(answer.Header("ETag")?.Trim('"'), Convert.ToHexString(hash), StringComparison.OrdinalIgnoreCase) && Difference(kind, name, content) is { } difference)
            throw new FailedException($"{Name(kind, name)}: was written, but what is there {difference}", "the server, or what lies between, alters what it is sent: look at it before the repository is trusted");
    }

    /// <summary>One page of them is more than ours have. A server that knows no versions answers something else, or that it does not know the question.</summary>
    public override IReadOnlyList<string> Versions(FileKind kind, string name)
    {
        string key = KeyOf(kind, name);
        return Ask(Name(kind, name), () => new(HttpMethod.Get, new Uri(bucket, $"?versions&encoding-type=url&prefix={Uri.EscapeDataString(key)}")), exchange => S3Xml.Versions(exchange.Whole().Body, key),
            answer => answer.Status is HttpStatusCode.NotImplemented or HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed || answer.IsMissing ? [] : throw Refused($"{Name(kind, name)}: its versions cannot be listed", answer));
    }

    protected override Uri AddressOf(FileKind kind, string name) => new(bucket, S3Address.Encode(KeyOf(kind, name)));

    protected override Uri AddressOf(FileKind kind, string name, string version) => new(AddressOf(kind, name), $"?versionId={Uri.EscapeDataString(version)}");

    protected override void Authorize(HttpRequestMessage request, ReadOnlyMemory<byte> content) => S3Signature.Sign(request, content.Span, keys, region, clock.GetUtcNow());

    /// <summary>A bucket elsewhere says where it is.</summary>
    protected override bool Mend(HttpRequestMessage request, HttpAnswer answer)
    {
        string? where = answer.Header("x-amz-bucket-region") ?? S3Xml.Error(answer.Body)?.Region;
        if (where is null || where == region || answer.Status is not (HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect or HttpStatusCode.BadRequest or HttpStatusCode.Forbidden))
            return false;
        region = where;
        return true;
    }

    protected override (string Why, string? Hint)? Explain(HttpAnswer answer)
    {
        if (S3Xml.Error(answer.Body) is not { } error)
            return answer.Status == HttpStatusCode.Forbidden ? ("access is denied", "the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be allowed to list, read and write there") : null;
        return error.Code switch
        {
            "NoSuchKey" => null,
            "NoSuchBucket" => ($"there is no bucket '{address.Bucket}'", null),
            "InvalidAccessKeyId" or "SignatureDoesNotMatch" => ("the keys are not accepted", $"AWS_ACCESS_KEY_ID ({ByteString.FromText(keys.Id)}) and AWS_SECRET_ACCESS_KEY hold them, or ~/.aws/credentials; AWS_REGION, which is signed too, is {region}"),
            "ExpiredToken" => ("the keys have run out", "get new ones; AWS_SESSION_TOKEN belongs to them"),
            "RequestTimeTooSkewed" => ("the clocks of this machine and of the server differ by more than 15 minutes", "set this one right: timedatectl"),
            "AccessDenied" => ("access is denied", "the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be allowed to list, read and write there"),
            "PermanentRedirect" or "AuthorizationHeaderMalformed" => ($"the bucket is in another region: {ByteString.FromText(error.Message)}", "AWS_REGION names it"),
            _ => ($"{ByteString.FromText(error.Code)}: {ByteString.FromText(error.Message.Length > 200 ? error.Message[..200] : error.Message)}", null),
        };
    }

    private string KeyOf(FileKind kind, string name) => address.Prefix + layout.Value.PathOf(kind, name);

    private Uri Listing(string prefix, int? most, string? after) =>
        new(bucket, $"?list-type=2&encoding-type=url&prefix={Uri.EscapeDataString(address.Prefix + prefix)}{(most is { } count ? $"&max-keys={count}" : "")}{(after is null ? "" : $"&continuation-token={Uri.EscapeDataString(after)}")}");

    /// <summary>All that begin so, page by page; with a limit those of the first only. None where there is no bucket.</summary>
    private IEnumerable<string> Keys(string prefix, int? most)
    {
        string what = $"{Place}: {prefix}";
        string? next = null;
        do
        {
            string? after = next;
            (List<string> found, next) = Ask(what, () => new(HttpMethod.Get, Listing(prefix, most, after)), exchange => S3Xml.Page(exchange.Whole().Body),
                answer => S3Xml.Error(answer.Body)?.Code == "NoSuchBucket" ? ([], null) : throw Refused(Place, answer));
            if (next is not null && next == after)
                throw new FailedException($"{what}: the server gives the same page of its listing again and again");
            foreach (string key in found)
                yield return key;
        }
        while (next is not null && most is null);
    }
}
