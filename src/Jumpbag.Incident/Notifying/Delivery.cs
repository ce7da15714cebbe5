using System.Net.Http.Headers;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Incident.Notifying;

/// <summary>Sends one message: to a webhook as a POST of JSON, or to a command.</summary>
public static class Delivery
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    /// <exception cref="JumpbagException">It was not taken; it is worth trying again.</exception>
    public static void Send(SpooledMessage message)
    {
        if (message.Hook.Webhook is { } address)
            Post(address, message.Payload);
        else
            Run(message.Hook.Command!, message.Text, message.Payload);
    }

    private static void Run(string command, string text, string payload)
    {
        ProgramRun run = ProgramRun.Of("sh", ["-c", command, "jumpbag", text, payload], Deadline);
        if (!run.Succeeded)
            throw new FailedException($"{command}: {run.End}: {run.Complaint}");
    }

    private static void Post(string address, string payload)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri))
            throw new FailedException("the webhook's address is none");
        if (uri.Scheme == Uri.UriSchemeHttps)
            OpenSsl.Require("a webhook over https", "an http address within the network, or a command such as curl, needs none");
        try
        {
            using var client = new HttpClient { Timeout = Deadline };
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(payload));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = content };
            using HttpResponseMessage response = client.Send(request, HttpCompletionOption.ResponseHeadersRead);
            if (!response.IsSuccessStatusCode)
                throw new FailedException($"{uri.Authority}: answered {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            throw new FailedException($"{uri.Authority}: {(e is OperationCanceledException ? $"no answer within {Deadline.TotalSeconds:0} seconds" : (e.InnerException ?? e).Message)}", null, e);
        }
    }
}
