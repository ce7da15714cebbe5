using Microsoft.AspNetCore.Http;

namespace Jumpbag.Board.Web;

/// <summary>The page: four files within the program. They hold nothing that isn't everyone's.</summary>
internal static class PageFiles
{
    public static readonly (string Path, string File, string Type)[] All =
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/board.css", "board.css", "text/css; charset=utf-8"),
        ("/board.js", "board.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "icon.svg", "image/svg+xml"),
    ];

    public static RequestDelegate Sender(string file, string type)
    {
        var content = new Lazy<byte[]>(() => Read(file));
        return async context =>
        {
            context.Response.ContentType = type;
            context.Response.ContentLength = content.Value.Length;
            if (!HttpMethods.IsHead(context.Request.Method))
                await context.Response.Body.WriteAsync(content.Value, context.RequestAborted).ConfigureAwait(false);
        };
    }

    private static byte[] Read(string file)
    {
        using Stream stream = typeof(PageFiles).Assembly.GetManifestResourceStream(file) ?? throw new InvalidOperationException(file);
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
