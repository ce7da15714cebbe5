using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;

namespace Jumpbag.Board.Reporting;

/// <param name="Lines">The board's, as they are.</param>
/// <param name="More">Whether further ones wait there.</param>
internal sealed record SyncAnswer(IReadOnlyList<Entry> Lines, bool More)
{
    public const string MoreHeader = "X-Jumpbag-More";

    /// <summary>What a board says that lacks the event before the first that it got.</summary>
    public const string Missing = "the event before those is missing here";
}

/// <summary>The board said no. Trying again is of no use.</summary>
public sealed class BoardRefusal(string message, bool isMissing) : Exception(message)
{
    /// <summary>It lacks events that come before: all are to be sent.</summary>
    public bool IsMissing { get; } = isMissing;
}

/// <summary>Speaks with a board, as a host that reports.</summary>
internal sealed class BoardClient : IDisposable
{
    private const long MostAnswer = JournalReader.MostBytes;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20), ConnectDeadline = TimeSpan.FromSeconds(5);

    private readonly HttpClient client;
    private readonly string url;

    public BoardClient(JoinedBoard board)
    {
        url = board.Url;
        if (url.StartsWith("https:", StringComparison.Ordinal))
            OpenSsl.Require("a board over https", "an address with http, or ssh -L, needs none");
        // A redirect would carry the token elsewhere.
        client = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = ConnectDeadline }) { Timeout = Deadline, MaxResponseContentBufferSize = MostAnswer };
        client.DefaultRequestHeaders.Authorization = new("Bearer", board.Token);
    }

    /// <exception cref="FailedException">It can't be reached.</exception>
    /// <exception cref="BoardRefusal">It said no.</exception>
    public SyncAnswer Sync(byte[] lines, string? after)
    {
        using HttpResponseMessage response = Post("/api/sync?after=" + after, "application/x-ndjson", lines, out byte[] body);
        JournalLines got = JournalLines.Split(body);
        var entries = new List<Entry>(got.Whole.Count);
        foreach (ReadOnlyMemory<byte> line in got.Whole)
            entries.Add(EntryLine.Parse(line) is { } entry && EntryLine.ContentHash(line.Span) == entry.Hash ? entry
                : throw new BoardRefusal("it sent a line that is no event, or was changed", false));
        return new(entries, response.Headers.TryGetValues(SyncAnswer.MoreHeader, out IEnumerable<string>? more) && more.First() == "1");
    }

    public void Tell(byte[] running) => Post("/api/running", "application/json", running, out _).Dispose();

    public void Dispose() => client.Dispose();

    private HttpResponseMessage Post(string path, string type, byte[] content, out byte[] body)
    {
        HttpResponseMessage? response = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url + path) { Content = new ByteArrayContent(content) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
            response = client.Send(request);
            using var memory = new MemoryStream();
            using (Stream stream = response.Content.ReadAsStream())
                stream.CopyTo(memory);
            body = memory.ToArray();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            response?.Dispose();
            throw new FailedException(e is OperationCanceledException ? $"no answer within {Deadline.TotalSeconds:0} seconds" : (e.InnerException ?? e).Message, null, e);
        }
        if (response.IsSuccessStatusCode)
            return response;
        HttpStatusCode status = response.StatusCode;
        response.Dispose();
        string why = ErrorIn(body) ?? $"it answered {(int)status}";
        if (status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)status >= 500)
            throw new FailedException(why);
        throw new BoardRefusal(why, status == HttpStatusCode.NotFound && why == SyncAnswer.Missing);
    }

    private static string? ErrorIn(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return document.RootElement.TryGetProperty("error", out JsonElement error) && error.GetString() is { } text ? Printable.Line(text) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // A proxy's page.
        }
    }
}
