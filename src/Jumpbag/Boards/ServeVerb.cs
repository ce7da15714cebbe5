using System.CommandLine;
using System.Net;
using Jumpbag.Board.Feed;
using Jumpbag.Board.Web;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Incidents;

namespace Jumpbag.Boards;

/// <summary>jumpbag board</summary>
internal static class ServeVerb
{
    private static readonly Option<string> Listen = new("--listen") { HelpName = "ADDRESS:PORT", Description = $"where (127.0.0.1:{BoardPlaces.UsualPort}); other addresses than this machine's own need a token" };
    private static readonly Option<string[]> Name = new("--name") { HelpName = "NAME", Description = "a host name that people reach it by, such as a reverse proxy's (repeatable)", Arity = ArgumentArity.OneOrMore };

    public static Command Make() => IncidentOptions.Make("board", Run, Listen, Name);

    private static int Run(Desk desk)
    {
        IPEndPoint address = BoardPlaces.Listen(desk.Parsed.GetValue(Listen));
        bool isLoopback = IPAddress.IsLoopback(address.Address);
        if (!isLoopback && BoardPlaces.Keys.Tokens.Count == 0)
            throw new UnsupportedException($"{address}: others reach that address, and there is no token yet", "'jumpbag board token add NAME --write' (or --read) makes one for each person");
        Recorder recorder = desk.Recorder;
        CancellationToken cancelled = desk.Session.CatchSignals();
        using JournalFollower follower = recorder.Follow();
        BoardServer server = BoardServer.Start(new(address, desk.Parsed.GetValue(Name) ?? []), new BoardJournal(recorder.Journal, (author, make) => recorder.Append(author, make)), BoardPlaces.Keys).GetAwaiter().GetResult();
        try
        {
            BoardPlaces.Remember(server.Listening);
            string url = BoardPlaces.Url(server.Listening) + (isLoopback ? LinkVerb.Fragment() : "");
            if (desk.Json)
                desk.Out.WriteJson(json =>
                {
                    json.WriteStartObject();
                    json.WriteString("url", url);
                    json.WriteString("listen", server.Listening.ToString());
                    json.WriteString("incident", desk.State.Opened.Id);
                    json.WriteEndObject();
                });
            else
                desk.Out.WriteLine(url);
            desk.Out.Flush();
            Explain(desk, server.Listening, isLoopback);
            cancelled.WaitHandle.WaitOne();
        }
        finally
        {
            server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        return ExitStatus.Interrupted;
    }

    private static void Explain(Desk desk, IPEndPoint listening, bool isLoopback)
    {
        string id = desk.State.Opened.Id;
        int port = listening.Port;
        if (isLoopback)
        {
            desk.Session.Events(new Status(id, $"that address lets {Recorder.Me.Name} in, once, within 10 minutes; 'jumpbag board link' prints another. Ctrl-C ends the board"));
            desk.Session.Events(new Status(id, $"from elsewhere: ssh -L {port}:{listening} {Environment.MachineName}"));
            return;
        }
        desk.Session.Events(new Warning("tokens cross the network unencrypted", $"""
            listen on 127.0.0.1 and put TLS before it:
                caddy reverse-proxy --from board.example.org --to 127.0.0.1:{port}
              or in a server of nginx with its certificate:
                location / {"{"} proxy_pass http://127.0.0.1:{port}; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; proxy_buffering off; proxy_read_timeout 1h; {"}"}
              each with 'jumpbag board --name board.example.org'; or without either: ssh -L {port}:127.0.0.1:{port} {Environment.MachineName}
            """));
        desk.Session.Events(new Status(id, "people come in by their tokens ('jumpbag board token list'). Ctrl-C ends the board"));
    }
}
