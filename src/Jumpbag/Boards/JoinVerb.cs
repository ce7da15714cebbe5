using System.CommandLine;
using System.Text.Json;
using Jumpbag.Board.Reporting;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Texts;
using Jumpbag.Incidents;

namespace Jumpbag.Boards;

/// <summary>jumpbag board join, leave, sync, status</summary>
internal static class JoinVerb
{
    private static readonly Argument<string> Url = new("url") { Description = "such as http://db1:7911 or https://board.example.org" };
    private static readonly Argument<string> Joined = new("url") { Arity = ArgumentArity.ZeroOrOne, Description = "such as http://db1:7911 or https://board.example.org (the one that the configuration names)" };
    private static readonly Argument<string> Which = new("url") { Arity = ArgumentArity.ZeroOrOne, Description = "a board that was joined (all)" };
    private static readonly Option<bool> Wait = new("--wait") { Description = "try again, for a day at most, until nothing waits and nothing runs here" };
    private static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    public static Command Join() => IncidentOptions.Make("join", desk =>
    {
        IncidentSettings settings = IncidentSettings.Found(desk.Session.Events);
        string url = desk.Parsed.GetValue(Joined) ?? settings.Board ?? throw new UsageException("which board?", "jumpbag board join URL, or in the configuration: [incident] board = \"URL\"");
        string? usual = settings.Board is { } named && JoinedBoard.Normal(named) == JoinedBoard.Normal(url) ? settings.BoardToken : null;
        string file = desk.Parsed.GetValue(CommonOptions.BoardToken) ?? usual ?? throw new UsageException("--board-token FILE is missing", "on the board's machine: jumpbag board token add NAME --write (or --host)");
        JoinedBoard? before = JoinedBoard.Find(StateFolder.Path, url);
        JoinedBoard board = JoinedBoard.Add(StateFolder.Path, url, Reports.Token(file));
        try
        {
            Reports.Sync(board).Once();
        }
        catch (JumpbagException) when (before is null)
        {
            board.Forget();
            throw;
        }
        board = JoinedBoard.Find(StateFolder.Path, url)!;
        string id = IncidentPlaces.IdOf(board.Journal!);
        bool isCurrent = IncidentPlaces.Current() == board.Journal;
        if (IncidentPlaces.Current() is null && Desk.Read(IncidentPlaces.Journal(board.Journal!)).Closing is null)
        {
            IncidentPlaces.SetCurrent(board.Journal, desk.Session.Events);
            isCurrent = true;
        }
        if (desk.Json)
            desk.Out.WriteJson(json => Write(json, board));
        else
            desk.Out.WriteLine($"{board.Url}: {id}");
        if (!isCurrent)
            desk.Session.Events(new Warning($"another incident is open here, which commands go on to write to", $"'jumpbag incident use {id}' makes the board's the current one; --board {board.Url} means it for one command"));
        else
            desk.Session.Events(new Status(id, "every command here reports to that board from now on"));
        return desk.Session.Status;
    }, Joined);

    public static Command Leave() => IncidentOptions.Make("leave", desk =>
    {
        JoinedBoard board = Find(desk.Parsed.GetRequiredValue(Url));
        if (Reports.Sync(board).Unsent is > 0 and var unsent)
            desk.Session.Events(new Warning($"{unsent} events were not sent", board.Journal is { } journal ? $"they stay in {journal}" : null));
        board.Forget();
        desk.Session.Events(new Status(board.Url, "left; the journal stays"));
        return desk.Session.Status;
    }, Url);

    public static Command Sync() => IncidentOptions.Make("sync", desk =>
    {
        CancellationToken cancelled = desk.Session.CatchSignals();
        IReadOnlyList<JoinedBoard> boards = Boards(desk);
        if (boards.Count == 0)
            throw new NotFoundException("no board was joined", "jumpbag board join URL --board-token FILE");
        bool complete = true;
        foreach (JoinedBoard board in boards)
        {
            BoardSync sync = Reports.Sync(board);
            if (desk.Parsed.GetValue(Wait))
            {
                sync.UntilDone(desk.Now + Patience, cancelled);
            }
            else
            {
                try
                {
                    sync.Once();
                }
                catch (JumpbagException e)
                {
                    complete = false;
                    desk.Session.Events(new SourceFailed(board.Url, e.Message, e.Hint));
                }
            }
        }
        return cancelled.IsCancellationRequested ? ExitStatus.Interrupted : complete ? desk.Session.Status : ExitStatus.Failed;
    }, Which, Wait);

    public static Command Status() => IncidentOptions.Make("status", desk =>
    {
        if (desk.Json)
        {
            desk.Out.WriteJson(json =>
            {
                json.WriteStartArray();
                foreach (JoinedBoard board in Boards(desk))
                    Write(json, board);
                json.WriteEndArray();
            });
            return desk.Session.Status;
        }
        foreach (JoinedBoard board in Boards(desk))
        {
            int unsent = Reports.Sync(board).Unsent;
            (DateTimeOffset? last, string? problem) = board.Standing;
            desk.Out.WriteLine($"{board.Url}: {(board.Journal is { } journal ? IncidentPlaces.IdOf(journal) : "not reached yet")}; {(unsent == 0 ? "nothing waits" : unsent == 1 ? "1 event waits" : $"{unsent} events wait")}"
                + (last is { } time ? $"; last reached {ScreenTime.Of(time)}" : "") + (problem is null ? "" : $"; {Printable.Line(problem)}"));
        }
        return desk.Session.Status;
    }, Which);

    private static IReadOnlyList<JoinedBoard> Boards(Desk desk) => desk.Parsed.GetValue(Which) is { } url ? [Find(url)] : JoinedBoard.All(StateFolder.Path);

    private static JoinedBoard Find(string url) => JoinedBoard.Find(StateFolder.Path, url) ?? throw new NotFoundException($"{Printable.Line(url)}: that board was not joined", "'jumpbag board status' shows those that were");

    private static void Write(Utf8JsonWriter json, JoinedBoard board)
    {
        (DateTimeOffset? last, string? problem) = board.Standing;
        json.WriteStartObject();
        json.WriteString("url", board.Url);
        json.WriteString("incident", board.Journal is { } journal ? IncidentPlaces.IdOf(journal) : null);
        json.WriteString("journal", board.Journal);
        json.WriteNumber("unsent", Reports.Sync(board).Unsent);
        json.WriteString("lastReached", last is { } time ? UtcTime.Text(time) : null);
        json.WriteString("problem", problem);
        json.WriteEndObject();
    }
}
