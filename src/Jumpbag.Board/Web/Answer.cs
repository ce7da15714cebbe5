using System.Text.Json;
using Jumpbag.Core;
using Microsoft.AspNetCore.Http;

namespace Jumpbag.Board.Web;

/// <summary>What the board answers, beside pages and streams: JSON.</summary>
internal static class Answer
{
    public static async Task Json(HttpContext context, Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK)
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
            write(json);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = memory.Length;
        await context.Response.Body.WriteAsync(memory.GetBuffer().AsMemory(0, (int)memory.Length), context.RequestAborted).ConfigureAwait(false);
    }

    public static Task Refuse(HttpContext context, int status, string error, string? hint = null) => Json(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("error", error);
        json.WriteString("hint", hint);
        json.WriteEndObject();
    }, status);

    public static Task Failure(HttpContext context, JumpbagException failure) => Refuse(context, failure switch
    {
        UsageException => StatusCodes.Status400BadRequest,
        NotFoundException => StatusCodes.Status404NotFound,
        UnsupportedException => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status503ServiceUnavailable,
    }, failure.Message, failure.Hint);
}
