using System.Text.Json;
using Jumpbag.Board.Access;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;

namespace Jumpbag.Board.Reporting;

/// <summary>Brings this host's journal and a board's to the same: sends what is new here, takes in what is new there.</summary>
/// <param name="journalOf">The journal of a path, with its fallbacks.</param>
/// <param name="pathOf">Where the journal of an incident that is new here goes.</param>
public sealed class BoardSync(JoinedBoard board, Func<string, FileJournal> journalOf, Func<Opened, string> pathOf, Author me)
{
    /// <summary>Of lines at a time, below what a board takes.</summary>
    private const int MostBytes = 4 << 20;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15), RunningPause = TimeSpan.FromSeconds(1), Fresh = TimeSpan.FromSeconds(20);

    private readonly OwnCommands commands = new(journalOf);

    private IEnumerable<string> Journals => new[] { board.Journal, board.Waiting }.OfType<string>();

    /// <summary>How many lines wait to be sent.</summary>
    public int Unsent => Count(board.Waiting, board.Position.WaitingSent) + (board.Journal is { } journal ? Count(journal, board.Position.Sent) : 0);

    /// <summary>Once.</summary>
    /// <exception cref="JumpbagException">The board can't be reached, or refuses.</exception>
    public void Once()
    {
        using LockFile turn = LockFile.Take(board.LockPath);
        using var client = new BoardClient(board);
        try
        {
            Exchange(client);
        }
        catch (BoardRefusal e)
        {
            throw new UnsupportedException($"{board.Url}: {e.Message}", "'jumpbag board join URL --board-token FILE' gives it another token");
        }
        catch (FailedException e)
        {
            throw new FailedException($"{board.Url}: {e.Message}", e.Hint ?? "events wait here until it can be reached", e);
        }
    }

    /// <summary>Until nothing waits and nothing runs here, or <paramref name="until"/> has come.</summary>
    public void UntilDone(DateTimeOffset until, CancellationToken cancelled)
    {
        // Whoever wrote an event while we had the turn relies on us: so it is looked once more after it was given back.
        while (DateTimeOffset.UtcNow < until && !cancelled.IsCancellationRequested && board.IsJoined)
        {
            using (LockFile? turn = board.TakeTurn())
            {
                if (turn is null || !Work(until, cancelled))
                    return;
            }
            if (Unsent == 0)
                return;
        }
    }

    /// <returns>False where the board refuses.</returns>
    private bool Work(DateTimeOffset until, CancellationToken cancelled)
    {
        TimeSpan pause = RunningPause;
        using var client = new BoardClient(board);
        while (!cancelled.IsCancellationRequested && board.IsJoined)
        {
            byte[]? running = Running();
            try
            {
                if (Unsent > 0 || board.Position.After is null)
                    Exchange(client);
                if (running is not null)
                    client.Tell(running);
                pause = RunningPause;
                // A command that has begun says how far it is a second later.
                if (running is null && Unsent == 0 && !commands.AnyRuns(Journals))
                    return true;
            }
            catch (BoardRefusal e)
            {
                board.Position = board.Position with { Problem = e.Message, Refused = true };
                return false;
            }
            catch (JumpbagException e)
            {
                board.Position = board.Position with { Problem = e.Message, Refused = false };
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                if (DateTimeOffset.UtcNow + pause > until)
                    return false;
            }
            cancelled.WaitHandle.WaitOne(pause);
        }
        return false;
    }

    private void Exchange(BoardClient client)
    {
        bool begunAnew = false;
        bool more;
        do
        {
            SyncPosition at = board.Position;
            (byte[] waiting, long waitingNext) = Lines(board.Waiting, at.WaitingSent, MostBytes);
            (byte[] own, long next) = board.Journal is { } path ? Lines(path, at.Sent, MostBytes - waiting.Length) : ([], 0L);
            byte[] lines = [.. waiting, .. own];
            SyncAnswer answer;
            try
            {
                answer = client.Sync(lines, at.After);
            }
            catch (BoardRefusal e) when (e.IsMissing && !begunAnew)
            {
                begunAnew = true;
                board.Position = new();
                more = true;
                continue;
            }
            if (answer.Lines.Count > 0)
                TakeIn(answer.Lines);
            var there = new HashSet<string>(answer.Lines.Select(entry => entry.Hash));
            board.Position = new(answer.Lines.Count > 0 ? answer.Lines[^1].Hash : at.After, Known(Math.Max(at.Sent, next), there), Math.Max(at.WaitingSent, waitingNext), DateTimeOffset.UtcNow);
            more = answer.More || Unsent > 0;
        }
        while (more);
    }

    private void TakeIn(IReadOnlyList<Entry> lines)
    {
        if (board.Journal is null)
        {
            Opened opened = lines[0].Data as Opened ?? throw new BoardRefusal("what it sent does not begin with an opening", false);
            string path = pathOf(opened);
            Folder.Make(Path.GetDirectoryName(path)!);
            journalOf(path).Merge(lines, me);
            board.SetJournal(path);
        }
        else
        {
            journalOf(board.Journal).Merge(lines, me);
        }
    }

    /// <summary>What was taken in from the board stands in our journal now, and needn't be sent back.</summary>
    private long Known(long sent, HashSet<string> there)
    {
        if (board.Journal is not { } path)
            return sent;
        foreach (Entry entry in journalOf(path).ReadFrom(sent).Entries)
        {
            if (!there.Contains(entry.Hash))
                break;
            sent += entry.Line.Length + 1;
        }
        return sent;
    }

    private int Count(string path, long from) => journalOf(path).ReadFrom(from).Entries.Count;

    /// <summary>Whole lines from a byte on, and the byte behind them.</summary>
    private (byte[] Lines, long Next) Lines(string path, long from, int most)
    {
        using var memory = new MemoryStream();
        long next = from;
        foreach (Entry entry in journalOf(path).ReadFrom(from).Entries)
        {
            if (memory.Length > 0 && memory.Length + entry.Line.Length > most)
                break;
            memory.Write(entry.Line.Span);
            memory.WriteByte((byte)'\n');
            next += entry.Line.Length + 1;
        }
        return (memory.ToArray(), next);
    }

    /// <summary>How far commands of this host are, as JSON; null where none says.</summary>
    private byte[]? Running()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using var memory = new MemoryStream();
        int count = 0;
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            foreach (string journal in Journals)
                foreach (string id in Ids(journal))
                    if (ProgressFile.ReadBytes(journal, id) is { } bytes && ProgressFile.Parse(bytes) is { } progress && now - progress.Time < Fresh)
                    {
                        json.WritePropertyName(id);
                        json.WriteRawValue(bytes);
                        count++;
                    }
            json.WriteEndObject();
        }
        return count > 0 ? memory.ToArray() : null;
    }

    private static IEnumerable<string> Ids(string journal)
    {
        try
        {
            return [.. Directory.EnumerateFiles(Path.ChangeExtension(journal, ".running"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Where(id => EventId.Parse(id) is not null)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
