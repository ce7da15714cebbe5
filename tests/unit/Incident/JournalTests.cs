using System.Text;
using Jumpbag.Core;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Incident;

public sealed class JournalTests : IDisposable
{
    private static readonly Author Anna = new("anna", 1000, "login");

    private readonly TemporaryFolder folder = new();

    private string Path => folder.File("i.ndjson");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void what_was_appended_is_read_back_and_verifies()
    {
        FileJournal journal = Open(3);
        IReadOnlyList<Entry> entries = journal.Read();
        Assert.Equal(["open", "note", "note", "note"], entries.Select(entry => entry.Data.Type));
        Assert.Equal(EntryLine.Genesis, entries[0].Prev);
        Assert.Equal(entries.Take(3).Select(entry => entry.Hash), entries.Skip(1).Select(entry => entry.Prev));
        Assert.Equal(entries.Select(entry => entry.Id), entries.Select(entry => entry.Id).Order(StringComparer.Ordinal).Distinct());
        ChainCheck check = Check();
        Assert.Empty(check.Problems);
        Assert.Equal((4, entries[3].Hash), (check.Events, check.Head));
    }

    /// <summary>The oracle is sha256sum, on what sed leaves of each line.</summary>
    [Fact]
    public void the_hash_of_a_line_is_what_sha256sum_says_of_its_bytes_before_it()
    {
        Open(1).Append(Anna, new Noted("Grüße\n\"<b>\" \e[31m \u202e 日本", NoteKind.Impact));
        string sums = Shell.Run("bash", "-c", "while IFS= read -r line; do printf %s \"$line\" | sed 's/,\"hash\":\"[0-9a-f]*\"}$//' | tr -d '\\n' | sha256sum | cut -c1-64; done <\"$1\"", "bash", Path);
        Assert.Equal(File.ReadAllLines(Path).Select(line => EntryLine.HashOf(Encoding.UTF8.GetBytes(line))), sums.TrimEnd().Split('\n'));
    }

    [Fact]
    public void every_event_that_is_changed_is_found()
    {
        Open(3);
        byte[] whole = File.ReadAllBytes(Path);
        int[] ends = [.. Enumerable.Range(0, whole.Length).Where(i => whole[i] == '\n')];
        for (int i = 0; i < whole.Length; i += 7)
        {
            if (ends.Contains(i))
                continue;
            byte[] changed = [.. whole];
            changed[i] ^= 1;
            Assert.NotEmpty(ChainCheck.Of(JournalLines.Split(changed)).Problems);
        }
    }

    [Fact]
    public void every_line_that_is_missing_or_moved_or_doubled_is_found()
    {
        Open(5);
        string[] lines = File.ReadAllLines(Path);
        for (int i = 0; i < lines.Length; i++)
        {
            if (i < lines.Length - 1)
                Assert.NotEmpty(Check(lines.Where((_, at) => at != i)).Problems);
            Assert.NotEmpty(Check([.. lines, lines[i]]).Problems);
            for (int other = i + 1; other < lines.Length; other++)
            {
                string[] swapped = [.. lines];
                (swapped[i], swapped[other]) = (swapped[other], swapped[i]);
                Assert.NotEmpty(Check(swapped).Problems);
            }
        }
    }

    [Fact]
    public void a_cut_tail_is_found_against_a_head_that_was_kept()
    {
        Open(5);
        string[] lines = File.ReadAllLines(Path);
        string head = Check().Head!;
        for (int left = 1; left < lines.Length; left++)
        {
            Assert.Empty(Check(lines.Take(left)).Problems);
            Assert.Contains("cut off", Assert.Single(Check(lines.Take(left), head[..12]).Problems).Text, StringComparison.Ordinal);
        }
        Assert.Empty(Check(lines, head[..12]).Problems);
        Assert.Equal(2, Check(lines).EventsSince(EntryLine.HashOf(Encoding.UTF8.GetBytes(lines[3]))!));
    }

    [Fact]
    public void a_torn_last_line_is_set_aside_wherever_it_is_torn()
    {
        Open(1);
        byte[] whole = File.ReadAllBytes(Path);
        int second = Array.IndexOf(whole, (byte)'\n') + 1;
        for (int cut = second + 1; cut < whole.Length - 1; cut += 13)
        {
            File.Delete(folder.File("i.torn"));
            File.WriteAllBytes(Path, whole[..cut]);
            Assert.Contains("torn", Check().Problems[^1].Text, StringComparison.Ordinal);
            new FileJournal(Path, []).Append(Anna, new Noted("after", null));
            Assert.Empty(Check().Problems);
            Assert.Equal(["open", "recovered", "note"], new FileJournal(Path, []).Read().Select(entry => entry.Data.Type));
            byte[] torn = whole[second..cut];
            Assert.Equal([.. Encoding.ASCII.GetBytes($"{torn.Length}\n"), .. torn, (byte)'\n'], File.ReadAllBytes(folder.File("i.torn")));
        }
    }

    [Fact]
    public void a_last_line_that_lacks_only_its_newline_is_kept()
    {
        Open(1);
        byte[] whole = File.ReadAllBytes(Path);
        File.WriteAllBytes(Path, whole[..^1]);
        new FileJournal(Path, []).Append(Anna, new Noted("after", null));
        Assert.Equal(["open", "note", "note"], new FileJournal(Path, []).Read().Select(entry => entry.Data.Type));
        Assert.Empty(Check().Problems);
        Assert.False(File.Exists(folder.File("i.torn")));
    }

    [Fact]
    public void zeros_that_a_power_cut_left_are_set_aside()
    {
        Open(1);
        using (FileStream file = File.OpenWrite(Path))
            file.SetLength(file.Length + 4096);
        new FileJournal(Path, []).Append(Anna, new Noted("after", null));
        Assert.Empty(Check().Problems);
        Assert.Equal(4096 + 6, new FileInfo(folder.File("i.torn")).Length);
    }

    [Fact]
    public void eight_writers_at_once_lose_nothing_and_make_one_chain()
    {
        Open(0);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, writer =>
        {
            for (int i = 0; i < 25; i++)
                new FileJournal(Path, []).Append(Anna, new Noted($"{writer}.{i}", null));
        });
        Assert.Empty(Check().Problems);
        Assert.Equal(200, new FileJournal(Path, []).Read().Select(entry => entry.Data).OfType<Noted>().Select(note => note.Text).Distinct().Count());
    }

    [Fact]
    public void a_journal_that_cannot_be_written_goes_on_in_the_fallback_and_takes_that_in_later()
    {
        string home = folder.File("home"), path = System.IO.Path.Combine(home, "i.ndjson");
        string[] fallbacks = [folder.File("none/such"), folder.File("fallback")];
        File.WriteAllText(folder.File("none"), "a file, so no folder can be in it");
        Directory.CreateDirectory(home);
        var journal = new FileJournal(path, fallbacks);
        journal.Append(Anna, Opening);
        Appended written = journal.Append(Anna, new Noted("1", null));
        Assert.Empty(written.Refused);
        // The folder goes away, as a medium does.
        Directory.Move(home, folder.File("away"));
        Appended first = journal.Append(Anna, new Noted("2", null)), second = journal.Append(Anna, new Noted("3", null));
        Assert.Equal(System.IO.Path.Combine(folder.File("fallback"), "i.ndjson"), first.SavedIn);
        Assert.Equal(first.Entry.Hash, second.Entry.Prev);
        Directory.Move(folder.File("away"), home);
        Appended back = journal.Append(Anna, new Noted("4", null));
        Assert.Equal((2, 0), (back.TakenIn, back.Refused.Count));
        Assert.Equal(["1", "2", "3", "4"], journal.Read().Select(entry => entry.Data).OfType<Noted>().Select(note => note.Text));
        Assert.Empty(ChainCheck.Of(JournalLines.Split(JournalReader.ReadBytes(path))).Problems);
        Assert.Empty(journal.Pending);
    }

    [Fact]
    public void a_journal_is_read_while_another_writes_it()
    {
        FileJournal journal = Open(1);
        using (JournalFile.Open(Path, create: false))
            Assert.Equal(2, journal.Read().Count);
    }

    [Fact]
    public void a_writer_that_was_stopped_in_the_middle_does_not_stop_the_others()
    {
        FileJournal journal = new(Path, [folder.File("fallback")]);
        journal.Append(Anna, Opening);
        using (JournalFile.Open(Path, create: false))
            Assert.Contains("has held its lock", journal.Append(Anna, new Noted("1")).Refused[0].Reason, StringComparison.Ordinal);
        Assert.Equal(1, journal.Append(Anna, new Noted("2")).TakenIn);
        Assert.Empty(Check().Problems);
    }

    [Fact]
    public void an_event_that_can_be_saved_nowhere_is_not_acknowledged()
    {
        File.WriteAllText(folder.File("none"), "");
        var journal = new FileJournal(folder.File("none/i.ndjson"), [folder.File("none/fallback")]);
        var failure = Assert.Throws<FailedException>(() => journal.Append(Anna, Opening));
        Assert.Contains("could not be saved", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void two_machines_take_from_each_other_in_any_order()
    {
        FileJournal ours = Open(2), theirs = new(folder.File("theirs.ndjson"), []);
        File.Copy(Path, theirs.Path);
        ours.Append(Anna, new Noted("ours", null));
        theirs.Append(new Author("ben", 1001, "login"), new Noted("theirs 1", null));
        theirs.Append(new Author("ben", 1001, "login"), new Noted("theirs 2", null));
        Assert.Equal(2, ours.Merge(theirs.Read(), Anna));
        Assert.Equal(0, ours.Merge(theirs.Read(), Anna));
        ours.Append(Anna, new Noted("after", null));
        Assert.Equal(3, theirs.Merge(ours.Read(), Anna));
        Assert.Equal(0, theirs.Merge(ours.Read(), Anna));
        Assert.Empty(Check().Problems);
        Assert.Empty(ChainCheck.Of(JournalLines.Split(JournalReader.ReadBytes(theirs.Path))).Problems);
        Assert.Equal(ours.Read().Select(entry => entry.Hash).Order(StringComparer.Ordinal), theirs.Read().Select(entry => entry.Hash).Order(StringComparer.Ordinal));
        Assert.Single(ours.Read(), entry => entry.Data is Merged);
        // A branch of a merged journal can't be taken out of it either.
        string[] lines = File.ReadAllLines(Path);
        for (int i = 0; i < lines.Length - 1; i++)
            Assert.NotEmpty(Check(lines.Where((_, at) => at != i)).Problems);
    }

    [Fact]
    public void journals_of_different_incidents_do_not_merge()
    {
        FileJournal ours = Open(1), theirs = new(folder.File("theirs.ndjson"), []);
        theirs.Append(Anna, Opening);
        Assert.Throws<UnsupportedException>(() => ours.Merge(theirs.Read(), Anna));
        Assert.Equal(2, ours.Read().Count);
    }

    [Fact]
    public void a_line_that_is_put_in_beside_the_chain_is_found()
    {
        FileJournal journal = Open(3);
        Entry[] entries = [.. journal.Read()];
        Entry forged = EntryLine.Make(EventId.Next(entries[1].Id, DateTimeOffset.UtcNow), entries[1].Hash, DateTimeOffset.UtcNow, null, Anna, "h", new Noted("forged", null));
        string[] lines = File.ReadAllLines(Path);
        Assert.NotEmpty(Check([.. lines.Take(2), Encoding.UTF8.GetString(forged.Line.Span), .. lines.Skip(2)]).Problems);
    }

    [Fact]
    public void ids_rise_also_when_the_clock_falls()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        string last = EventId.Next(null, now);
        for (int i = 0; i < 1000; i++)
        {
            string next = EventId.Next(last, now.AddMinutes(-i));
            Assert.True(string.CompareOrdinal(next, last) > 0);
            last = next;
        }
        Assert.Equal(last, EventId.Text(EventId.Parse(last)!.Value));
    }

    [Fact]
    public void garbage_and_hostile_lines_are_no_events_and_harm_nothing()
    {
        Open(1);
        File.AppendAllText(Path, "garbage\n\n{\"id\":1}\n[[[[\n" + new string('[', 100_000) + "\n");
        new FileJournal(Path, []).Append(Anna, new Noted("after", null));
        Assert.Equal(3, new FileJournal(Path, []).Read().Count);
        Assert.Equal(5, Check().Problems.Count);
    }

    [Fact]
    public void an_event_of_an_unknown_type_counts_in_the_chain()
    {
        FileJournal journal = Open(0);
        Entry last = journal.Read()[0];
        string id = EventId.Next(last.Id, DateTimeOffset.UtcNow);
        string body = $"{{\"id\":\"{id}\",\"prev\":\"{last.Hash}\",\"time\":\"2026-11-27T01:02:03.000Z\",\"author\":\"anna\",\"identity\":\"token\",\"host\":\"h\",\"type\":\"telepathy\",\"data\":{{\"x\":[1]}}";
        File.AppendAllText(Path, $"{body},\"hash\":\"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(body)))}\"}}\n");
        journal.Append(Anna, new Noted("after", null));
        Assert.Empty(Check().Problems);
        Assert.Equal(["open", "telepathy", "note"], journal.Read().Select(entry => entry.Data.Type));
    }

    private static Opened Opening => new(Opened.CurrentFormat, "i", "title", 2, false);

    private FileJournal Open(int notes)
    {
        var journal = new FileJournal(Path, []);
        journal.Append(Anna, Opening);
        for (int i = 0; i < notes; i++)
            journal.Append(Anna, new Noted($"note {i}", null));
        return journal;
    }

    private ChainCheck Check() => ChainCheck.Of(JournalLines.Split(JournalReader.ReadBytes(Path)));

    private static ChainCheck Check(IEnumerable<string> lines, params string[] heads) =>
        ChainCheck.Of(JournalLines.Split(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")))), heads);
}
