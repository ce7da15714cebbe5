using System.Net.Sockets;
using System.Security.Authentication;
using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.Http;

/// <summary>What goes wrong below HTTP, in a person's words.</summary>
internal static class HttpFailure
{
    /// <exception cref="TransientException">It may go at the next attempt.</exception>
    /// <exception cref="FailedException">It will not.</exception>
    public static T Told<T>(StoreOptions options, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (OperationCanceledException e)
        {
            throw new TransientException($"it has not answered for {options.Silence.TotalSeconds:0.#} s", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException && Innermost(e) is AuthenticationException)
        {
            throw new FailedException($"its certificate is not accepted: {Innermost(e).Message.TrimEnd('.')}",
                "SSL_CERT_FILE=FILE (PEM) names the certificate of an authority of your own; is the clock of this machine right?", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new TransientException(Reason(e), e);
        }
    }

    private static string Reason(Exception e)
    {
        HttpRequestError error = e switch
        {
            HttpRequestException request => request.HttpRequestError,
            HttpIOException io => io.HttpRequestError,
            _ => HttpRequestError.Unknown,
        };
        return Innermost(e) is SocketException socket ? Reason(socket) : error switch
        {
            HttpRequestError.InvalidResponse => "what it answers is no HTTP",
            HttpRequestError.ResponseEnded => "it closed the connection before its answer ended",
            _ => Lower(Innermost(e).Message.TrimEnd('.')),
        };
    }

    private static string Reason(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => "there is no such host",
        SocketError.ConnectionRefused => "the connection was refused",
        SocketError.ConnectionReset or SocketError.Shutdown => "the connection was reset",
        SocketError.TimedOut => "it does not answer",
        _ => Lower(e.Message),
    };

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e;
    }

    private static string Lower(string text) => text.Length > 1 && !char.IsUpper(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;
}
