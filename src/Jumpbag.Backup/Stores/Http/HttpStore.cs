using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Backup.Stores.Http;

/// <summary>A repository behind HTTP, each file of it at an address of its own.</summary>
internal abstract partial class HttpStore : RepositoryStore
{
    /// <summary>After that much the attempts are counted anew.</summary>
    private const int Progress = 64 << 10;

    private static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(1);

    private readonly HttpChannel channel;

    /// <param name="place">Without any password.</param>
    protected HttpStore(string place, bool isSecure, StoreOptions options)
    {
        if (isSecure)
            OpenSsl.Require($"{place}: https", "there is no other way to it, unless it also answers to http");
        Place = place;
        Retries = new(place, options);
        channel = new(options);
    }

    public override string Place { get; }

    protected Retries Retries { get; }

    public override bool HasRepository()
    {
        HttpAnswer answer = Ask(HttpMethod.Head, FileKind.Config, "config");
        return answer.Succeeded || (answer.IsMissing ? false : throw Refused(Name(FileKind.Config, "config"), answer));
    }

    public override long Length(FileKind kind, string name)
    {
        HttpAnswer answer = Ask(HttpMethod.Head, kind, name);
        return !answer.Succeeded ? throw Refused(Name(kind, name), answer)
            : answer.Length ?? throw new FailedException($"{Name(kind, name)}: the server does not say how long it is");
    }

    /// <summary>What breaks off in the middle goes on from there.</summary>
    public override void Read(FileKind kind, string name, long offset, Span<byte> destination)
    {
        Retries.Attempts attempts = Retries.Begin(Name(kind, name));
        for (int done = 0; done < destination.Length;)
        {
            int before = done;
            try
            {
                ReadOn(kind, name, offset, destination, ref done);
            }
            catch (TransientException e)
            {
                attempts.Failed(e, done - before >= Progress);
            }
        }
    }

    public override void Remove(FileKind kind, string name)
    {
        HttpAnswer answer = Ask(HttpMethod.Delete, kind, name);
        if (!answer.Succeeded && !answer.IsMissing)
            throw Refused($"{Name(kind, name)}: cannot be removed", answer);
    }

    public override byte[]? ReadVersion(FileKind kind, string name, string version) =>
        Ask<byte[]?>(Name(kind, name), () => new(HttpMethod.Get, AddressOf(kind, name, version)), exchange => exchange.Whole().Body, answer => answer.IsMissing ? null : throw Refused(Name(kind, name), answer));

    public override void RemoveVersion(FileKind kind, string name, string version)
    {
        HttpAnswer answer = Ask(Name(kind, name), () => new(HttpMethod.Delete, AddressOf(kind, name, version)));
        if (!answer.Succeeded && !answer.IsMissing)
            throw Refused($"{Name(kind, name)}: version {ByteString.FromText(version)} cannot be removed", answer);
    }

    public override void Dispose()
    {
        channel.Dispose();
        base.Dispose();
    }

    protected abstract Uri AddressOf(FileKind kind, string name);

    /// <summary>Of one version, where the store has any.</summary>
    protected virtual Uri AddressOf(FileKind kind, string name, string version) => throw new UnsupportedException($"{Place}: keeps no versions");

    /// <summary>Puts in who asks; at each attempt, since that may depend on the time.</summary>
    protected abstract void Authorize(HttpRequestMessage request, ReadOnlyMemory<byte> content);

    /// <summary>Whether what a refusal complains about was mended, such as a token that has run out: the request is then made once more.</summary>
    protected virtual bool Mend(HttpRequestMessage request, HttpAnswer answer) => false;

    /// <summary>What a refusal's body says, and what to do about it; null where nothing more is known than the status.</summary>
    protected virtual (string Why, string? Hint)? Explain(HttpAnswer answer) => null;

    /// <summary>A message's beginning.</summary>
    protected string Name(FileKind kind, string name) =>
        $"{Place}: {(kind == FileKind.Config ? "config" : $"{kind.ToString().ToLowerInvariant()} {name[..Math.Min(8, name.Length)]}")}";

    protected HttpAnswer Ask(HttpMethod method, FileKind kind, string name, ReadOnlyMemory<byte>? content = null) =>
        Ask(Name(kind, name), () => new(method, AddressOf(kind, name)), content);

    /// <summary>The answer to a request, which is made until there is one.</summary>
    /// <param name="what">A message's beginning.</param>
    protected HttpAnswer Ask(string what, Func<HttpRequestMessage> make, ReadOnlyMemory<byte>? content = null) =>
        Ask(what, make, exchange => exchange.Whole(), answer => answer, content);

    /// <param name="take">What is wanted of a success; throws what is transient where it is garbage.</param>
    /// <param name="refuse">What a refusal means.</param>
    protected T Ask<T>(string what, Func<HttpRequestMessage> make, Func<HttpExchange, T> take, Func<HttpAnswer, T> refuse, ReadOnlyMemory<byte>? content = null) => Retries.Run(what, () =>
    {
        for (bool mended = false; ;)
        {
            using HttpRequestMessage request = make();
            using HttpExchange exchange = Begin(what, request, content);
            if (exchange.Response.IsSuccessStatusCode)
                return take(exchange);
            HttpAnswer answer = exchange.Whole();
            if (mended || !Mend(request, answer))
                return refuse(Final(answer));
            mended = true;
        }
    });

    /// <summary>Of what is uploaded, as most servers have it in the ETag.</summary>
    protected static byte[] Md5(ReadOnlyMemory<byte> content)
    {
        try
        {
#pragma warning disable CA5351 // It is against accidents; the repository's own names are SHA-256.
            return MD5.HashData(content.Span);
#pragma warning restore CA5351
        }
        catch (CryptographicException e)
        {
            throw new FailedException($"MD5, by which uploads are verified, is not to be had: {e.Message}", "this machine's OpenSSL forbids it (FIPS): upload from another one", e);
        }
    }

    /// <summary>How a file differs from what it should be, without keeping a second one of it; null where it does not.</summary>
    protected string? Difference(FileKind kind, string name, ReadOnlyMemory<byte> content)
    {
        if (Length(kind, name) is var length && length != content.Length)
            return $"has {length} bytes, not {content.Length}";
        var portion = new byte[Math.Min(content.Length, 1 << 20)];
        for (int done = 0; done < content.Length; done += portion.Length)
        {
            Span<byte> there = portion.AsSpan(0, Math.Min(portion.Length, content.Length - done));
            Read(kind, name, done, there);
            if (!there.SequenceEqual(content.Span.Slice(done, there.Length)))
                return "differs from what was sent";
        }
        return null;
    }

    /// <summary>Why something was not done that the server answered.</summary>
    protected JumpbagException Refused(string what, HttpAnswer answer)
    {
        if (Explain(answer) is var (why, hint))
            return answer.IsMissing ? new NotFoundException($"{what}: {why}", hint) : new FailedException($"{what}: {why}", hint);
        if (answer.IsMissing)
            return new NotFoundException($"{what}: is missing");
        if (answer.Headers.Location is { } elsewhere && (int)answer.Status is >= 300 and < 400)
            return new FailedException($"{what}: the server points to {(elsewhere.IsAbsoluteUri ? elsewhere.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : elsewhere)}",
                "passwords are not carried elsewhere: if that is the right address, name it instead");
        string status = $"{(int)answer.Status} {answer.Phrase}".TrimEnd(), said = answer.Said;
        return new FailedException($"{what}: the server answers {status}{(said.Length == 0 || string.Equals(said, answer.Phrase, StringComparison.OrdinalIgnoreCase) ? "" : $": {said}")}", answer.Status switch
        {
            HttpStatusCode.Unauthorized => "it does not take the user and password, or wants some",
            HttpStatusCode.InsufficientStorage or HttpStatusCode.RequestEntityTooLarge => "it has no room left",
            _ => null,
        });
    }

    private void ReadOn(FileKind kind, string name, long offset, Span<byte> destination, ref int done)
    {
        string what = Name(kind, name);
        long from = offset + done;
        for (bool mended = false; ;)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, AddressOf(kind, name));
            request.Headers.Range = new(from, offset + destination.Length - 1);
            using HttpExchange exchange = Begin(what, request, null);
            HttpResponseMessage response = exchange.Response;
            long skip = response.StatusCode switch
            {
                HttpStatusCode.PartialContent => Skipped(response, what, from),
                // It does not know ranges, and sends all of the file.
                HttpStatusCode.OK => from,
                _ => -1,
            };
            if (skip < 0)
            {
                HttpAnswer answer = exchange.Whole();
                if (!mended && Mend(request, answer))
                {
                    mended = true;
                    continue;
                }
                throw Final(answer).Status == HttpStatusCode.RequestedRangeNotSatisfiable
                    ? new CorruptException($"{what}: ends before byte {from}, though more must be there") : Refused(what, answer);
            }
            Retries.Worked();
            Fill(exchange, what, from, skip, destination, ref done);
            return;
        }
    }

    /// <summary>How many bytes are to be left out before those that were asked for.</summary>
    private static long Skipped(HttpResponseMessage response, string what, long from)
    {
        // As text, since rclone names an impossible range where a file has ended.
        string range = response.Content.Headers.NonValidated.TryGetValues("Content-Range", out HeaderStringValues values) ? values.ToString() : "";
        if (ContentRange().Match(range) is not { Success: true } match)
            throw new TransientException($"it was asked for byte {from} and does not say what it answers");
        if (long.TryParse(match.Groups["length"].ValueSpan, CultureInfo.InvariantCulture, out long length) && length <= from)
            throw Ended(what, length);
        return long.TryParse(match.Groups["from"].ValueSpan, CultureInfo.InvariantCulture, out long first) && first <= from ? from - first
            : throw new TransientException($"it was asked for byte {from} and answers {range}");
    }

    private static CorruptException Ended(string what, long at) => new($"{what}: ends at byte {at}, though more must be there");

    [GeneratedRegex(@"^bytes (?<from>\d{1,19})-\d{1,19}/(?<length>\d{1,19}|\*)$")]
    private static partial Regex ContentRange();

    private static void Fill(HttpExchange exchange, string what, long from, long skip, Span<byte> destination, ref int done)
    {
        long? promised = exchange.Response.Content.Headers.ContentLength;
        long came = 0;
        while (done < destination.Length)
        {
            ReadOnlySpan<byte> portion = exchange.Next(Math.Max(0, skip - came) + destination.Length - done);
            if (portion.IsEmpty)
                throw came >= promised ? Ended(what, from - skip + came) : new TransientException("it closed the connection before its answer ended");
            int leftOut = (int)Math.Clamp(skip - came, 0, portion.Length);
            came += portion.Length;
            portion = portion[leftOut..];
            portion.CopyTo(destination[done..]);
            done += portion.Length;
        }
    }

    /// <summary>A request that is made once and as it is, such as a login within another.</summary>
    protected HttpAnswer Once(string what, HttpRequestMessage request, ReadOnlyMemory<byte>? content = null)
    {
        using HttpExchange exchange = Send(what, request, content);
        return Final(exchange.Whole());
    }

    private HttpExchange Begin(string what, HttpRequestMessage request, ReadOnlyMemory<byte>? content)
    {
        Authorize(request, content ?? default);
        return Send(what, request, content);
    }

    /// <summary>What will never go is told with the place.</summary>
    private HttpExchange Send(string what, HttpRequestMessage request, ReadOnlyMemory<byte>? content)
    {
        try
        {
            return channel.Send(request, content);
        }
        catch (FailedException e)
        {
            throw new FailedException($"{what}: {e.Message}", e.Hint, e);
        }
    }

    /// <summary>An answer that would be the same at the next attempt.</summary>
    private static HttpAnswer Final(HttpAnswer answer)
    {
        // 507 says that there is no room, 501 and 505 that the server never will.
        bool isTransient = answer.Status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or (HttpStatusCode)425
            || ((int)answer.Status >= 500 && answer.Status is not (HttpStatusCode.InsufficientStorage or HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported));
        if (!isTransient)
            return answer;
        TimeSpan? after = answer.Headers.RetryAfter?.Delta;
        throw new TransientException($"the server answers {(int)answer.Status} {answer.Phrase}".TrimEnd(), null, after > LongestAsked ? LongestAsked : after);
    }
}
