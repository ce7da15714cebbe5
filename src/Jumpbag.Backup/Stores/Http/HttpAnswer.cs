using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.Http;

/// <summary>A whole answer, its body bounded.</summary>
/// <param name="Length">What the server says of the body's length, also where none was sent.</param>
internal sealed record HttpAnswer(HttpStatusCode Status, string? Phrase, HttpResponseHeaders Headers, string? ContentType, long? Length, byte[] Body)
{
    private const int MostShown = 200;

    public bool Succeeded => (int)Status is >= 200 and < 300;

    /// <summary>404, or 410 of those who remember.</summary>
    public bool IsMissing => Status is HttpStatusCode.NotFound or HttpStatusCode.Gone;

    public string? Header(string name) => Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    /// <summary>Of text, what a person may read of it in one line; else nothing.</summary>
    public string Said
    {
        get
        {
            string text = ContentType is "text/plain" or "application/json" or null ? Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, MostShown))).Trim() : "";
            return ByteString.FromText(text.Split('\n')[0].Trim()).ToString();
        }
    }
}
