using System.Text.Json;
using Jumpbag.Board.Feed;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Board;

public sealed class FeedTests : IDisposable
{
    private static readonly Author Anna = new("anna", 1000, "login");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private FileJournal Journal => new(folder.File("i.ndjson"), [folder.File("fallback")]);

    private BoardJournal Board => new(Journal, (_, _) => throw new InvalidOperationException());

    [Fact]
    public void a_journal_is_followed_each_event_once_also_from_fallbacks()
    {
        Journal.Append(Anna, new Opened(1, "i", "t", 2, false));
        BoardJournal board = Board;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Assert.Single(board.Follow(now));
        Assert.Empty(board.Follow(now));
        // The journal's medium is away: what is written then waits in a fallback.
        File.Move(folder.File("i.ndjson"), folder.File("away"));
        Assert.NotNull(Journal.Append(Anna, new Noted("in the fallback")).SavedIn);
        Assert.Equal(["in the fallback"], board.Follow(now.AddSeconds(2)).Select(entry => entry.Data.Sentence));
        Assert.True(board.IsCut);
        File.Move(folder.File("away"), folder.File("i.ndjson"));
        Journal.Append(Anna, new Noted("back"));
        Assert.Equal(["back"], board.Follow(now.AddSeconds(4)).Select(entry => entry.Data.Sentence).Where(text => !text.StartsWith("merged", StringComparison.Ordinal)));
        Assert.False(board.IsCut);
        Assert.Empty(board.Follow(now.AddSeconds(6)));
    }

    [Fact]
    public async Task the_feed_wakes_who_waits_and_says_what_is_wrong()
    {
        Assert.Throws<NotFoundException>(() => new BoardFeed(Board, new(Journal.Path)).Start());
        Journal.Append(Anna, new Opened(1, "i", "t", 2, false));
        using var feed = new BoardFeed(Board, new(Journal.Path));
        feed.Start();
        Task changed = feed.Changed;
        Entry note = Journal.Append(Anna, new Noted("new")).Entry;
        await changed.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(note.Hash, feed.Now.Head);
        Assert.Equal(2, feed.PlaceAfter(note.Hash));
        Assert.Null(feed.PlaceAfter(EntryLine.Genesis));
        changed = feed.Changed;
        File.WriteAllText(Journal.Path, "");
        await changed.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Contains("cut off", JsonDocument.Parse(feed.Now.Json).RootElement.GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, feed.Now.Events.Count);
    }

    [Fact]
    public void progress_of_this_host_comes_from_its_file_and_of_others_from_what_they_tell()
    {
        Journal.Append(Anna, new Opened(1, "i", "t", 2, false));
        Entry here = Journal.Append(Anna, new CommandStarted("cp a b", Environment.ProcessId)).Entry, there = Journal.Append(Anna, new CommandStarted("cp c d", 1)).Entry;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Directory.CreateDirectory(Path.GetDirectoryName(ProgressFile.Of(Journal.Path, here.Id))!);
        File.WriteAllBytes(ProgressFile.Of(Journal.Path, here.Id), ProgressFile.Bytes(new(now, "cp", 25, 100, 0, null, 5, 15, "25%", 0.25)));
        var running = new RunningList(Journal.Path);
        running.Tell(there.Id, new(now, "cp", 1, 2, 0, null, 1, 1, "50%", 0.5));
        JsonElement[] Shown(DateTimeOffset at) => [.. JsonDocument.Parse(running.Json(Jumpbag.Incident.Folding.IncidentState.Of(Journal.Read(), "i"), at)).RootElement.EnumerateArray()];
        JsonElement[] shown = Shown(now);
        Assert.Equal([("runs", 0.25), ("runs", 0.5)], shown.Select(one => (one.GetProperty("standing").GetString()!, one.GetProperty("share").GetDouble())));
        Assert.Equal(UtcTime.Text(now.AddSeconds(15)), shown[0].GetProperty("end").GetString());
        Assert.Equal("silent", Shown(now.AddMinutes(1))[1].GetProperty("standing").GetString());
        File.WriteAllText(ProgressFile.Of(Journal.Path, here.Id), "{\"torn");
        Assert.False(Shown(now)[0].TryGetProperty("share", out _));
    }
}
