using System.CommandLine;
using Jumpbag.Board.Reporting;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Host;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Texts;
using Jumpbag.Incidents;

namespace Jumpbag.Boards;

/// <summary>How this host's events get to a board. Whoever writes one never waits for a network: a process in the background sends.</summary>
internal static class Reports
{
    /// <summary>The journal that --board or JUMPBAG_BOARD means: the board's incident's here, or what waits for it; null where neither is given.</summary>
    /// <exception cref="JumpbagException">The address is none, or there is no token for it.</exception>
    public static string? Journal(ParseResult parsed) => Board(parsed) is { } board ? board.Journal ?? board.Waiting : null;

    public static JoinedBoard? Board(ParseResult parsed)
    {
        if ((Value(parsed, CommonOptions.Board) ?? Variable("JUMPBAG_BOARD")) is not { } url)
            return null;
        string? file = Value(parsed, CommonOptions.BoardToken) ?? Variable("JUMPBAG_BOARD_TOKEN_FILE");
        JoinedBoard? board = JoinedBoard.Find(StateFolder.Path, url);
        if (file is not null)
            return JoinedBoard.Add(StateFolder.Path, url, Token(file));
        return board ?? throw new UsageException($"{Printable.Line(JoinedBoard.Normal(url))}: there is no token for that board", "'jumpbag board join URL --board-token FILE' keeps one; --board-token FILE gives one");
    }

    public static bool IsWaiting(string journal) => Path.GetFileName(journal) == JoinedBoard.WaitingName;

    /// <summary>Of a journal that belongs to a board: sees to it that what was written gets there. What goes wrong is one warning.</summary>
    public static void Send(string journal, EventSink events)
    {
        try
        {
            if (JoinedBoard.OfJournal(StateFolder.Path, journal) is not { } board)
                return;
            if (board.Refusal is { } problem)
                events(new Warning($"{board.Url} refuses what this host reports: {problem}", "it stays in the journal here; 'jumpbag board sync' tries again"));
            if (board.IsFree && Environment.ProcessPath is { } self)
                BackgroundProcess.Start(self, "board", "sync", board.Url, "--wait", "--quiet");
        }
        catch (Exception e) when (e is JumpbagException or IOException or UnauthorizedAccessException)
        {
            events(new Warning($"not reported to the board: {e.Message}", "'jumpbag board sync' tries again"));
        }
    }

    public static BoardSync Sync(JoinedBoard board) => new(board, IncidentPlaces.Journal,
        opened => Slug.IsOne(opened.Id) ? IncidentPlaces.Current() is { } current && IncidentPlaces.IdOf(current) == opened.Id ? current
            : Path.Combine(opened.Drill ? IncidentPlaces.Drills : IncidentPlaces.Folder, opened.Id + ".ndjson")
            : throw new UnsupportedException("the id of the board's incident is none"), Recorder.Me);

    /// <summary>The first line of a file; "-" is standard input.</summary>
    public static string Token(string file)
    {
        try
        {
            using TextReader reader = file == "-" ? new StreamReader(new StandardStream(0)) : new StreamReader(file);
            string token = reader.ReadLine()?.Trim() ?? "";
            return token.Length is > 0 and < 200 && token.All(c => c is > ' ' and < '\x7F') ? token : throw new FailedException($"{Printable.Line(file)}: holds no token");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{Printable.Line(file)}: {e.Message}", null, e);
        }
    }

    private static string? Value(ParseResult parsed, Option<string> option) => parsed.GetResult(option) is { Errors: var errors } && !errors.Any() ? parsed.GetValue(option) : null;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
